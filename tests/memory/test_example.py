"""The example: it runs on the network that comes with rnncore, and draws."""

import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "memory.py"


def test_it_runs_and_draws(tmp_path, capsys):
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    runpy.run_path(str(EXAMPLE))["main"](tmp_path / "memory.png")
    plt.close("all")
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert "MemoryHorizon(forgets" in told and "MemorySweep(horizon: 6 of recurrent × 3 of bias" in told
