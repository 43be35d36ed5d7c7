"""Python programs run as processes of their own: what is measured, limited or interrupted is a whole process."""

import os
import subprocess
import sys


def start(source, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def output_of(source, *arguments, **environment):
    """What the program prints; it must end well."""
    process = start(source, *arguments, **environment)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output
