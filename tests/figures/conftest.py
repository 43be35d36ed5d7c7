"""Figures are drawn without a display, and closed."""

import pytest


@pytest.fixture(autouse=True)
def close_figures():
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    yield
    plt.close("all")
