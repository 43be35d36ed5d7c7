"""Run where rnncore was installed without a working C++ compiler: numba takes over, and the configuration says why."""

import numpy as np

import rnncore
from rnncore.configuration import configuration


def main():
    backends = configuration()["backends"]
    assert not backends["native"]["works"]
    assert "not built" in backends["native"]["reason"], backends["native"]["reason"]
    assert backends["numba"]["works"], backends["numba"]["reason"]
    cell = rnncore.Elman(np.eye(3) / 2, np.ones((3, 1)))
    inputs = np.sin(np.arange(100.0))[:, None]
    trajectory = rnncore.simulate(cell, inputs)
    assert trajectory.backend == "numba"
    np.testing.assert_allclose(
        trajectory.outputs, rnncore.simulate(cell, inputs, backend="reference").outputs, rtol=1e-12
    )
    try:
        rnncore.use_backend("native")
    except rnncore.BackendUnavailable as error:
        print(f"as it should be: {error}")
    else:
        raise AssertionError("the native backend works although it was not built")
    rnncore.show_config()


if __name__ == "__main__":
    main()
