"""Long recurrences and their Jacobians: what a recurrent network does over millions of steps, fast and right."""

from .backends import use_backend
from .backpropagation import Gradients, Recording, TruncatedGradients, gradients, record, truncated_gradients
from .cells import (
    GRU,
    LSTM,
    Cell,
    Chain,
    DelayLine,
    Dense,
    Diagonal,
    Elman,
    GatedDiagonal,
    Linear,
    MatrixSequence,
)
from .configuration import get_include, show_config
from .covariant_vectors import CovariantVectors
from .diagnosis import Diagnosis, diagnose
from .errors import BackendUnavailable, FormatError, NonFiniteError
from .gated_memory import Carousel, carousel
from .ginelli import covariant_lyapunov_vectors
from .gradient_flow import GradientNorms, LayerGradients, gradient_norms, layer_gradients
from .io import load, save
from .jacobians import jacobian
from .linear import Modes, Superposition, TransientGrowth, impulse_response, modes, superpose
from .lyapunov import LyapunovSpectrum, lyapunov_spectrum
from .memory import (
    LongTermDependence,
    MemoryCapacity,
    MemoryHorizon,
    MemorySweep,
    long_term_dependence,
    memory_capacity,
    memory_horizon,
    memory_sweep,
)
from .products import jacobian_product
from .scaled_matrix import ScaledMatrix
from .simulation import simulate
from .singular_values import SingularSpectrum, singular_spectrum
from .stability_analysis import StabilityProperty, StabilityReport, stability
from .tangents import jvp
from .trajectory import Trajectory
from .version import __version__

__all__ = [
    "GRU",
    "LSTM",
    "BackendUnavailable",
    "Carousel",
    "Cell",
    "Chain",
    "CovariantVectors",
    "DelayLine",
    "Dense",
    "Diagnosis",
    "Diagonal",
    "Elman",
    "FormatError",
    "GatedDiagonal",
    "GradientNorms",
    "Gradients",
    "LayerGradients",
    "Linear",
    "LongTermDependence",
    "LyapunovSpectrum",
    "MatrixSequence",
    "MemoryCapacity",
    "MemoryHorizon",
    "MemorySweep",
    "Modes",
    "NonFiniteError",
    "Recording",
    "ScaledMatrix",
    "SingularSpectrum",
    "StabilityProperty",
    "StabilityReport",
    "Superposition",
    "Trajectory",
    "TransientGrowth",
    "TruncatedGradients",
    "__version__",
    "carousel",
    "covariant_lyapunov_vectors",
    "diagnose",
    "get_include",
    "gradient_norms",
    "gradients",
    "impulse_response",
    "jacobian",
    "jacobian_product",
    "jvp",
    "layer_gradients",
    "load",
    "long_term_dependence",
    "lyapunov_spectrum",
    "memory_capacity",
    "memory_horizon",
    "memory_sweep",
    "modes",
    "record",
    "save",
    "show_config",
    "simulate",
    "singular_spectrum",
    "stability",
    "superpose",
    "truncated_gradients",
    "use_backend",
]
