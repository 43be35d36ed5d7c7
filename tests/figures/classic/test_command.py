"""``rnncore figures`` as users start it, and what it is told wrongly."""

import json
import os
import stat
import subprocess
import sys

import pytest

from rnncore.figures import FIGURES


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "rnncore", "figures", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        **options,
    )


def problem(*arguments, **options):
    """The one line of a command that fails."""
    done = command(*arguments, **options)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done
    (line,) = done.stderr.splitlines()
    return line


def without(module, folder):
    """An environment in which a module cannot be imported."""
    (folder / f"{module}.py").write_text(f"raise ImportError('no {module} here')")
    path = os.pathsep.join([str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    return os.environ | {"PYTHONPATH": path}


def test_it_writes_picture_and_numbers_and_keeps_what_is_there(tmp_path):
    out = tmp_path / "new" / "folder"
    done = command("scalar_linear", "--out", out)
    assert done.returncode == 0 and not done.stderr, done
    assert sorted(path.name for path in out.iterdir()) == ["scalar_linear.json", "scalar_linear.png"]
    assert (out / "scalar_linear.png").read_bytes().startswith(b"\x89PNG")
    facts = json.loads((out / "scalar_linear.json").read_text(encoding="utf-8"))
    assert facts["name"] == "scalar_linear" and facts["caption"] and len(facts["numbers"]["weights"]) == 8

    for path in out.iterdir():
        path.write_text("mine")
    kept = command("scalar_linear", "--out", out)
    assert kept.returncode == 0 and "scalar_linear.png is kept; --force writes over it" in kept.stdout
    assert {path.read_text() for path in out.iterdir()} == {"mine"}

    assert command("scalar_linear", "--out", out, "--force").returncode == 0
    assert json.loads((out / "scalar_linear.json").read_text(encoding="utf-8")) == facts


@pytest.mark.parametrize("kind, start", [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_for_print_are_vectors(kind, start, tmp_path):
    assert command("scalar_linear", "--out", tmp_path, "--format", kind).returncode == 0
    assert (tmp_path / f"scalar_linear.{kind}").read_bytes().startswith(start)


def test_figures_are_listed_in_the_order_of_the_story_each_with_a_line():
    done = command("--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(FIGURES)
    assert all(len(line.split()) > 5 for line in lines)


def test_an_unknown_figure_is_told_with_those_there_are(tmp_path):
    done = command("scalar_linear", "jacobian", "--out", tmp_path)
    assert done.returncode == 2 and "there is no figure 'jacobian'" in done.stderr
    assert all(name in done.stderr for name in FIGURES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [[], ["scalar_linear"], ["--list", "--out", "x"], ["--out", "x", "--format", "bmp"]]
)
def test_wrong_usage_exits_with_2(arguments, tmp_path):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and "usage:" in done.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module, name", [("matplotlib", "scalar_linear"), ("sklearn", "deep_networks")])
def test_what_is_missing_is_told_with_the_extra_before_any_work(module, name, tmp_path):
    (tmp_path / "modules").mkdir()
    line = problem("scalar_linear", name, "--out", tmp_path / "out", env=without(module, tmp_path / "modules"))
    assert "pip install 'rnncore[figures]'" in line
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    assert "file" in problem("scalar_linear", "--out", tmp_path / "file")
    assert "file" in problem("scalar_linear", "--out", tmp_path / "file" / "inside")
    # In /proc nobody writes, not even root, whom permissions do not stop.
    assert "/proc" in problem("scalar_linear", "--out", "/proc/figures")
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.geteuid() != 0:
        assert "locked" in problem("scalar_linear", "--out", locked)


def test_a_figure_that_cannot_be_written_whole_leaves_nothing(tmp_path):
    program = (
        "import resource, sys\n"
        "from rnncore.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "figures", "scalar_linear", "--out", tmp_path],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1 and "cannot write" in done.stderr, done
    assert list(tmp_path.iterdir()) == []
