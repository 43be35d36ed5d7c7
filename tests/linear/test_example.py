"""The example: what it draws and says."""

import importlib.util
from pathlib import Path

import numpy as np

from rnncore import modes, simulate, superpose

PATH = Path(__file__).parents[2] / "examples" / "linear_recursions.py"


def test_it_grows_a_hundred_thousandfold_and_agrees_with_the_run(tmp_path, capsys):
    import matplotlib.pyplot as plt

    spec = importlib.util.spec_from_file_location("linear_recursions", PATH)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    plt.switch_backend("agg")
    example.main(tmp_path / "figure.png")
    plt.close("all")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert "Jordan block of 40" in capsys.readouterr().out
    cell = example.network()
    found = modes(cell)
    assert found.transient.peak > 1e5
    np.testing.assert_allclose(found.eigenvalues, [0.98 * np.exp(2j * np.pi / 40), 0.6], rtol=1e-12)
    inputs = example.series(np.random.default_rng(1))
    outputs = simulate(cell, inputs, state=example.start(cell)).outputs
    summed = superpose(cell, inputs, state=example.start(cell)).outputs
    # Rounding of 300 steps, through powers of which the largest makes 1 of a unit in the readout.
    np.testing.assert_allclose(summed, outputs, rtol=0, atol=1e-12 * np.abs(outputs).max())
