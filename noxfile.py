"""All that a developer ever runs: ``nox -l`` is the menu, ``nox -s NAME`` runs one."""

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["lint", "tests", "cpp"]
nox.options.error_on_missing_interpreters = True
os.environ.pop("PYTHONPATH", None)  # what is tested is what was installed


@nox.session
def tests(session):
    """The README's test command; arguments go to pytest."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session):
    """Formatting and style of Python and C++, as pre-commit checks them before a commit."""
    session.install("pre-commit")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure", *session.posargs)


@nox.session
def cpp(session):
    """The C++ tests: optimised, unoptimised, and under sanitizers; arguments name other CMake presets."""
    _run_presets(session, *(session.posargs or ("dev", "debug", "sanitizers")))


@nox.session
def cpp_aarch64(session):
    """The C++ tests for 64-bit Arm, cross-compiled and run under qemu."""
    _need(session, {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"})
    _run_presets(session, "aarch64")


@nox.session
def exhaustive(session):
    """The vector functions over every float32 there is, on each instruction set: about an hour."""
    session.install(".", "mpmath")
    session.run("python", "tests/exhaustive/vector_math.py", *session.posargs)


@nox.session
def no_compiler(session):
    """An installation where the C++ compiler does not work runs on numba, and says so."""
    sdist = _build(session, "--sdist")
    session.install(sdist, env={"CC": "false", "CXX": "false"})
    session.run("python", "tests/install/no_compiler.py")


@nox.session
def no_avx(session):
    """The wheel runs on a processor of 2008, without AVX: under qemu."""
    _need(session, {"qemu-x86_64": "qemu-user"})
    session.install(_build(session, "--wheel"))
    python = str(Path(session.bin) / "python")
    # NumPy's OpenBLAS takes its kernels from this variable rather than the processor, where it is set.
    environment = {"OPENBLAS_CORETYPE": "Nehalem"}
    session.run("qemu-x86_64", "-cpu", "Nehalem", python, "tests/install/no_avx.py", env=environment, external=True)


@nox.session
def build(session):
    """Source distribution and wheel into dist/; the wheel, installed alone, diagnoses a network."""
    shutil.rmtree("dist", ignore_errors=True)
    wheel = _build(session, outdir="dist")
    session.install(f"{wheel}[report]")
    session.chdir(session.create_tmp())
    session.run("rnncore", "config")
    session.run("python", "-c", "import rnncore; rnncore.use_backend('native')")
    session.run("rnncore", "diagnose", "--html", "report.html", "--force")


@nox.session
def browser(session):
    """The HTML page of a diagnosis in Debian's Chromium: layout, accessibility, and all that can be pressed."""
    _need(session, {"chromium": "chromium"})
    session.install(".[browser]")
    session.run("pytest", "--override-ini=addopts=--import-mode=importlib", "tests/browser", *session.posargs)


@nox.session
def peers(session):
    """Measure rnncore against torch, onnxruntime and JAX on this machine; arguments go to benchmarks/peers.py."""
    session.install(".[peers]")
    session.run("python", "benchmarks/peers.py", *session.posargs)


@nox.session
def docs(session):
    """The documentation, into build/docs: its figures drawn, its examples run; warnings and broken links are errors."""
    session.install(".[docs]")
    session.run("cffconvert", "--validate")
    # Figures and examples are made anew, by what was just installed.
    for folder in ("docs/gallery", "docs/generated", "build/docs"):
        shutil.rmtree(folder, ignore_errors=True)
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "build/docs")
    session.run("python", "docs/check_links.py", "build/docs")


def _build(session, *kinds, outdir=None):
    """Build in a clean folder of its own; returns the path of what was built last."""
    session.install("build")
    outdir = Path(outdir or Path(session.create_tmp()) / "dist").absolute()
    shutil.rmtree(outdir, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(outdir), *kinds)
    return str(max(outdir.iterdir(), key=lambda path: path.stat().st_mtime))


def _run_presets(session, *presets):
    session.install("cmake", "ninja")
    for preset in presets:
        session.run("cmake", "--preset", preset, "-G", "Ninja")
        session.run("cmake", "--build", "--preset", preset)
        session.run("ctest", "--preset", preset)


def _need(session, programs):
    missing = sorted({package for program, package in programs.items() if not shutil.which(program)})
    if missing:
        session.error(f"needs the Debian packages {' '.join(missing)}")
