"""The classic figures, in the order of the story they tell."""

from .boundedness_map import boundedness_map
from .classic_figure import title_of
from .constant_error_carousel import constant_error_carousel
from .deep_networks import deep_networks
from .digit_networks import read_digits
from .gradients_by_lag import gradients_by_lag
from .jacobians import jacobians
from .lyapunov_spectra import lyapunov_spectra
from .marked_pattern import marked_pattern
from .memory_horizons import memory_horizons
from .panels import page
from .scalar_linear import scalar_linear
from .scalar_nonlinear import scalar_nonlinear
from .switched_memory import switched_memory
from .vector_linear import vector_linear
from .vector_nonlinear import vector_nonlinear

_STORY = (
    scalar_linear,
    vector_linear,
    scalar_nonlinear,
    vector_nonlinear,
    boundedness_map,
    jacobians,
    gradients_by_lag,
    deep_networks,
    marked_pattern,
    constant_error_carousel,
    memory_horizons,
    lyapunov_spectra,
    switched_memory,
)
_FUNCTIONS = {function.__name__: function for function in _STORY}
FIGURES = tuple(_FUNCTIONS)


def draw(name, **options):
    """Draw one of the classic figures by its name.

    Parameters
    ----------
    name : str
        One of ``rnncore.figures.FIGURES``.
    **options
        As the function of that name takes them: sizes, steps, a seed.

    Returns
    -------
    ClassicFigure
        ``figure`` of matplotlib, ``numbers`` it draws, and a ``caption``.

    Raises
    ------
    ValueError
        There is no such figure; the message lists those there are.
    ImportError
        matplotlib is missing, or what else the figure needs; the message names the extra to install.

    Examples
    --------
    >>> from rnncore.figures import draw
    >>> found = draw("scalar_linear", weights=[0.5])
    >>> found.name, list(found.numbers)
    ('scalar_linear', ['weights', 'responses', 'rates', 'fates'])
    """
    return _FUNCTIONS[read_name(name)](**options)


def read_name(name):
    """The name of a figure, or an error that lists them."""
    if name not in _FUNCTIONS:
        raise ValueError(f"there is no figure {name!r}; there are {', '.join(FIGURES)}")
    return name


def describe(name):
    """What is seen, in a line."""
    return title_of(_FUNCTIONS[read_name(name)])


def check_requirements(names):
    """What these figures need is there, or an error that names the extra to install."""
    page(1)
    if deep_networks.__name__ in names:
        read_digits()
