"""The command as users start it: another process, real files, exit statuses."""

import html
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rnncore
from rnncore.data import MODEL, SERIES

CELL = rnncore.Elman(0.5 * np.eye(3), np.ones((3, 2)), leak=0.5)


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "rnncore", *map(str, arguments)], capture_output=True, encoding="utf-8", **options
    )


def problem(*arguments, **options):
    """The one line of a command that fails for its data."""
    done = command(*arguments, **options)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def files(tmp_path):
    rnncore.save(CELL, tmp_path / "m.npz")
    rows = np.random.default_rng(0).normal(size=(500, 3))
    np.savetxt(tmp_path / "s.csv", rows, delimiter=",", header="a,b,c", comments="")
    return tmp_path


def test_without_arguments_the_embedded_network_is_diagnosed(tmp_path):
    done = command("diagnose", cwd=tmp_path)
    assert done.returncode == 0 and not done.stderr
    for words in ("8,730 steps", "hours", "persistence", "spectral radius", "forget gates"):
        assert words in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_million_steps_with_json_and_picture(tmp_path):
    done = command("diagnose", "--steps", "1_000_000", "--json", "r.json", "--png", "p.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert facts["run"]["steps"] == 1_000_000
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.png", "r.json"]


def test_the_report_as_a_page_tells_the_command_that_made_it(files):
    arguments = ["m.npz", "s.csv", "--columns", "a,b", "--unit", "days", "--nonlinearity", "relu"]
    done = command("diagnose", *arguments, "--html", "page $x$.html", cwd=files)
    assert done.returncode == 0 and not done.stderr
    page = (files / "page $x$.html").read_text(encoding="utf-8")
    (told,) = re.findall(r"<td>(rnncore diagnose [^<]*)</td>", page)
    words = shlex.split(html.unescape(told))
    assert words[:4] == ["rnncore", "diagnose", "m.npz", "s.csv"]
    again = command(*words[1:], "--force", "--json", "r.json", cwd=files)
    assert again.returncode == 0
    facts = json.loads((files / "r.json").read_text(encoding="utf-8"))
    assert facts["run"]["layers"] == ["Elman 2 → 3 (relu, leak 0.5)"] and facts["forgetting"]["unit"] == "days"
    assert sorted(path.name for path in files.iterdir()) == ["m.npz", "page $x$.html", "r.json", "s.csv"]


@pytest.mark.parametrize("option", ["--html", "--json", "--png"])
def test_files_that_exist_are_kept_unless_forced(option, files):
    old = files / "old"
    old.write_text("old")
    arguments = ["diagnose", files / "m.npz", files / "s.csv", "--columns", "a,b", option, old]
    line = problem(*arguments[:3], "--steps", "1000000000000", *arguments[3:], timeout=60)
    assert "exists, and is replaced only with --force" in line and str(old) in line
    assert old.read_text() == "old"
    assert command(*arguments, "--force").returncode == 0
    assert len(old.read_bytes()) > 1000


def test_a_series_with_a_hole_is_told_by_line_and_column_and_leaves_no_page(files):
    (files / "holes.csv").write_text("a,b\n1,2\n3,nan\n")
    line = problem("diagnose", files / "m.npz", files / "holes.csv", "--html", files / "page.html")
    assert "holes.csv: line 3, column 'b'" in line
    assert sorted(path.name for path in files.iterdir()) == ["holes.csv", "m.npz", "s.csv"]


def test_a_file_that_is_named_twice_is_refused(files):
    line = problem("diagnose", "--json", files / "a", "--html", files / "x" / ".." / "a")
    assert "--html and --json name the same file" in line


def test_json_on_standard_output_is_all_there_is(files):
    done = command("diagnose", files / "m.npz", files / "s.csv", "--columns", "c,0", "--json", "-", "--unit", "days")
    facts = json.loads(done.stdout)
    assert (facts["run"]["steps"], facts["forgetting"]["unit"]) == (500, "days")


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"COLUMNS": "40"}, {"PYTHONIOENCODING": "ascii"}, {"TERM": "dumb"}]
)
def test_the_page_fits_every_terminal(environment):
    done = command("diagnose", env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert all(len(line) <= int(environment.get("COLUMNS", 80)) for line in done.stdout.splitlines())


def test_without_rich_the_page_is_plain_text(tmp_path):
    (tmp_path / "rich.py").write_text("raise ImportError('no rich here')")
    path = os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    done = command("diagnose", env=os.environ | {"PYTHONPATH": path})
    assert done.returncode == 0 and "HOW FAST IT FORGETS ITS START" in done.stdout


@pytest.mark.parametrize("option", ["--png", "--html"])
def test_without_matplotlib_figures_are_refused_before_the_work(option, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('no matplotlib here')")
    path = os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    line = problem("diagnose", option, tmp_path / "figures", env=os.environ | {"PYTHONPATH": path})
    assert "pip install 'rnncore[report]'" in line


def test_simulate_writes_the_trajectory(files):
    out = files / "out.npy"
    done = command("simulate", files / "m.npz", files / "s.csv", "--columns", "a,c", "--out", out)
    assert done.returncode == 0 and "500 steps" in done.stdout
    inputs = np.loadtxt(files / "s.csv", delimiter=",", skiprows=1)[:, [0, 2]]
    np.testing.assert_array_equal(np.load(out), rnncore.simulate(CELL, inputs).outputs)


@pytest.mark.parametrize("keep, shape", [("states", (7, 3)), ("last", (3,)), ("3", (2, 3))])
def test_simulate_without_series(keep, shape, files):
    assert command("simulate", files / "m.npz", "--steps", 7, "--keep", keep, "--out", files / "o.npy").returncode == 0
    assert np.load(files / "o.npy").shape == shape


def test_config_tells_what_runs():
    facts = json.loads(command("config", "--json").stdout)
    assert facts["backends"]["reference"]["works"]
    assert facts["selected"] in command("config").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["diagnose", "--steps", "0"],
        ["diagnose", "--steps", "1.5"],
        ["diagnose", "--steps", "many"],
        ["diagnose", "--backend", "gpu"],
        ["diagnose", "--threads", "-1"],
        ["diagnose", "a", "b", "c"],
        ["simulate", "m.npz"],
        ["simulate", "m.npz", "--out", "o.npy", "--keep", "some"],
    ],
)
def test_wrong_usage_exits_with_2(arguments):
    done = command(*arguments)
    assert done.returncode == 2 and "usage:" in done.stderr


def test_problems_of_data_and_model_are_one_line(files):
    model, series = files / "m.npz", files / "s.csv"
    (files / "ragged.csv").write_text("1,2\n3,4\n5\n")
    (files / "empty.csv").touch()
    assert "No such file" in problem("diagnose", files / "none.npz", series)
    assert "none.csv" in problem("diagnose", model, files / "none.csv")
    assert "2 values a step" in problem("diagnose", model, series)
    assert "no column 'd'; there are a, b, c" in problem("diagnose", model, series, "--columns", "a,d")
    assert "ragged.csv: line 3: 1 columns" in problem("diagnose", model, files / "ragged.csv")
    assert "empty.csv: the file is empty" in problem("simulate", model, files / "empty.csv", "--out", files / "o.npy")
    assert "inputs are missing" in problem("diagnose", model)
    assert "leak must be in" in problem("diagnose", model, series, "--columns", "a,b", "--leak", "2")
    assert "--leak" in problem("diagnose", "--leak", "0.5")


def test_outputs_that_cannot_be_written_are_told_before_the_work(files):
    missing = files / "no_folder" / "o"
    for option in ("--json", "--png", "--html"):
        line = problem("diagnose", "--steps", "1000000000000", option, missing, timeout=60)
        assert "cannot write" in line and "no_folder" in line
    assert "no_folder" in problem("simulate", files / "m.npz", "--steps", "9", "--out", missing)
    assert "folder" in problem("diagnose", "--json", files)


def test_a_full_disk_leaves_no_file_behind(files):
    program = (
        "import resource, sys\n"
        "from rnncore.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    out = files / "o.npy"
    done = subprocess.run(
        [sys.executable, "-c", program, "simulate", files / "m.npz", "--steps", "100000", "--out", out],
        capture_output=True,
        encoding="utf-8",
    )
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and "cannot write" in line and "o.npy" in line
    assert sorted(path.name for path in files.iterdir()) == ["m.npz", "s.csv"]


def test_ctrl_c_is_quiet_and_quick(files):
    process = subprocess.Popen(
        [sys.executable, "-m", "rnncore", "diagnose", "--steps", "1000000000000", "--json", files / "r.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    while not any(path.name.endswith(".partial") for path in files.iterdir()):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    before = time.perf_counter()
    out, errors = process.communicate(timeout=60)
    assert time.perf_counter() - before < 5
    assert (process.returncode, out, errors) == (130, "", "")
    assert sorted(path.name for path in files.iterdir()) == ["m.npz", "s.csv"]


def test_a_reader_that_leaves_early_is_no_error():
    line = f"{sys.executable} -m rnncore diagnose --json - | head -c 1"
    done = subprocess.run(line, shell=True, capture_output=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("{", "")


def test_the_embedded_files_are_ordinary_files(tmp_path):
    done = command("diagnose", MODEL, SERIES, "--json", "-")
    assert json.loads(done.stdout)["forecast"]["horizon"] == 6


def test_importing_rnncore_loads_nothing_heavy():
    code = (
        "import sys, rnncore; print([m for m in ('scipy', 'matplotlib', 'rich', 'numba', 'tqdm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == "[]", done.stderr
