"""Compiled code is kept on disk, never stale, and not needed there; on copies of the package in folders apart."""

import shutil
from pathlib import Path

import pytest

import rnncore

from ..programs import output_of

RUN = """
import rnncore
from rnncore.backends import get_backend
cell = rnncore.Dense([[1.0]], nonlinearity="relu")
print(rnncore.simulate(cell, [[2.0]], backend="numba").outputs.item())
from rnncore.backends.numba.product import add_product
print("from disk" if add_product.stats.cache_hits else "compiled")
print(get_backend("numba").describe()["compiled code kept in"])
"""


@pytest.fixture
def package(tmp_path):
    source = Path(rnncore.__file__).parent
    return shutil.copytree(source, tmp_path / "rnncore", ignore=shutil.ignore_patterns("__pycache__"))


def run(package, source=RUN, **environment):
    nowhere = str(package / "__init__.py" / "nowhere")  # below a file: no folder can be made there, not even by root
    folders = {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "NUMBA_CACHE_DIR": ""}
    return output_of(source, **{"PYTHONPATH": str(package.parent), **folders, **environment}).splitlines()


def test_second_process_takes_compiled_code_from_disk_and_a_changed_source_is_compiled_anew(package):
    assert run(package)[:2] == ["2.0", "compiled"]
    value, origin, folder = run(package)
    assert (value, origin) == ("2.0", "from disk")
    assert Path(folder).is_relative_to(package)
    functions = package / "backends" / "numba" / "vector_math.py"
    text = functions.read_text()
    changed = text.replace("return zero if x < zero else x", "return zero if x < zero else x + x")
    assert changed != text
    functions.write_text(changed)
    assert run(package)[:2] == ["4.0", "compiled"]


def test_runs_where_no_folder_for_compiled_code_can_be_written(package):
    (package / "backends" / "numba" / "__pycache__").touch()
    assert run(package) == ["2.0", "compiled", "memory only: no folder for it can be written"]


def test_import_of_rnncore_does_not_import_numba(package):
    assert run(package, "import sys, rnncore; print('numba' in sys.modules)") == ["False"]


def test_broken_numba_is_a_reason_not_a_crash(package):
    (package.parent / "numba").mkdir()
    (package.parent / "numba" / "__init__.py").write_text("raise ImportError('Numba needs another NumPy')")
    source = "from rnncore.backends import get_backend; print(get_backend('numba').unavailable())"
    assert run(package, source) == ["numba cannot be imported: Numba needs another NumPy"]


def test_disabled_compiler_is_a_reason(package):
    source = "from rnncore.backends import get_backend; print(get_backend('numba').unavailable())"
    assert run(package, source, NUMBA_DISABLE_JIT="1") == ["NUMBA_DISABLE_JIT is set"]
