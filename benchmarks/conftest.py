import pytest

from rnncore.backends import BACKENDS, get_backend

collect_ignore_glob = ["[!t]*.py"]  # programs, not suites


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="the smallest and the largest of the sizes only")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--quick"):
        items[:] = [item for item in items if item.callspec.params["case"].size in (16, 1000)]


@pytest.fixture(params=BACKENDS)
def backend(request):
    reason = get_backend(request.param).unavailable()
    if reason:
        pytest.skip(reason)
    return request.param
