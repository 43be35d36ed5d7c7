"""Every result draws itself, whatever it holds, into axes of the caller's too."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnncore import (
    Dense,
    Elman,
    Linear,
    covariant_lyapunov_vectors,
    gradient_norms,
    jacobian_product,
    layer_gradients,
    lyapunov_spectrum,
    singular_spectrum,
)

RNG = np.random.default_rng(0)
NETWORK = Elman(RNG.normal(size=(6, 6)), np.ones((6, 1)))
SERIES = RNG.normal(size=(200, 1))
BATCH = RNG.normal(size=(200, 7, 1))

RESULTS = {
    "spectrum": lambda: lyapunov_spectrum(NETWORK, SERIES),
    "spectra of a batch": lambda: lyapunov_spectrum(NETWORK, BATCH, k=3),
    "one exponent of one step": lambda: lyapunov_spectrum(Linear([[0.5]]), steps=1),
    "annihilated": lambda: lyapunov_spectrum(Linear(np.zeros((2, 2))), steps=30),
    "norms": lambda: gradient_norms(NETWORK, SERIES, cotangent=np.ones(6), groups={"a": slice(0, 2)}),
    "norms of a batch": lambda: gradient_norms(NETWORK, BATCH, cotangent=np.ones(6)),
    "worst case": lambda: gradient_norms(NETWORK, SERIES),
    "norms that are zero": lambda: gradient_norms(Linear([[0.0]]), steps=9, cotangent=[1.0]),
    "one lag": lambda: gradient_norms(Linear([[0.5]]), steps=0, cotangent=[1.0]),
    "product": lambda: jacobian_product(NETWORK, SERIES),
    "norms of products of a batch": lambda: jacobian_product(NETWORK, BATCH, every=10),
    "singular values": lambda: singular_spectrum(NETWORK, BATCH, directions=True),
    "angles": lambda: covariant_lyapunov_vectors(NETWORK, SERIES, k=3),
    "product of no sequences": lambda: jacobian_product(NETWORK, BATCH[:, :0]),
    "norms of no sequences": lambda: jacobian_product(NETWORK, BATCH[:, :0], every=10),
    "singular values of no sequences": lambda: singular_spectrum(NETWORK, BATCH[:, :0], directions=True),
    "angles of no sequences": lambda: covariant_lyapunov_vectors(NETWORK, BATCH[:, :0], k=3),
    "gradients of no sequences": lambda: gradient_norms(NETWORK, BATCH[:, :0]),
    "layers": lambda: layer_gradients(Dense(np.ones((2, 3))), RNG.normal(size=(9, 3)), np.ones((9, 2))),
    "one input": lambda: layer_gradients(Dense(np.ones((2, 3))), np.ones(3), np.ones(2)),
    "no gradient": lambda: layer_gradients(Dense(np.ones((2, 3))), np.ones((2, 3)), np.zeros((2, 2))),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_draw_themselves(name, tmp_path):
    found = RESULTS[name]()
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    for drawn in (ax, found.plot()):
        assert drawn.get_xlabel() and drawn.get_ylabel() and drawn.get_title(loc="left")
        drawn.figure.savefig(tmp_path / "figure.png")
    assert isinstance(found.to_dict(), dict) and type(found).__name__ in repr(found)
