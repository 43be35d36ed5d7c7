"""Every test that takes ``backend`` runs on each of them; one that cannot run here is a failure.

RNNCORE_TEST_BACKENDS names fewer, separated by commas, where that is what is tested (an install without a compiler).
"""

import os

import numpy as np
import pytest

from rnncore.backends import BACKENDS

TESTED = os.environ.get("RNNCORE_TEST_BACKENDS", ",".join(BACKENDS)).split(",")


@pytest.fixture(params=TESTED)
def backend(request):
    return request.param


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return np.dtype(request.param)


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)
