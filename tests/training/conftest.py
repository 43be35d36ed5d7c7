import importlib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(monkeypatch):
    """``example(name)``: the script as a module; it finds what lies beside it."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module
