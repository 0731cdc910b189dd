"""Fixtures that tests of several rooms share, and which tests `make check` leaves to `make test`."""

import importlib
import platform
import re
import signal
import sys

import hypothesis
import pytest

from tests.browser import browser  # noqa: F401 - as those below
from tests.cloud.fixtures import (  # noqa: F401 - pytest finds them by their names here
    gcs,
    google_environment,
    gs_folder,
    metadata_server,
    pauses,
    place,
    s3,
    tls_front,
)
from tests.disks import small_disk  # noqa: F401

# A shell's background job ignores Ctrl-C, and so would the processes that tests start and interrupt: they take their
# signals as at a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)

# An example may be slow where it is the first to import or compile something, or where the machine has other work.
ON_BUSY_MACHINES = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("suite", max_examples=40, **ON_BUSY_MACHINES)
hypothesis.settings.register_profile("thorough", max_examples=1000, **ON_BUSY_MACHINES)
hypothesis.settings.load_profile("suite")

SLOW_FILE = re.compile(r"^pytestmark = .*\bpytest\.mark\.(slow|cluster)\b", re.MULTILINE)


def leaves_out_slow(config: pytest.Config) -> bool:
    """Tells `make check` by its marker expression."""
    return "not slow" in config.option.markexpr


def pytest_collection(session):
    starts_workers = session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput")
    if leaves_out_slow(session.config) and not starts_workers:
        # Libraries ask these, and they ask a process, once.
        platform.processor()
        importlib.import_module("numpy.testing")
        sys.addaudithook(refuse_slow)


def refuse_slow(event, arguments):
    """Fails a test that starts a process or imports TensorFlow without being marked slow."""
    if event in ("subprocess.Popen", "os.fork") or (event, arguments[:1]) == ("import", ("tensorflow",)):
        raise AssertionError(f"{event} {arguments}: a test that needs this must be marked slow")


def pytest_ignore_collect(collection_path, config):
    """Spares `make check` the imports, of TensorFlow for one, of files whose tests are all slow."""
    if leaves_out_slow(config) and collection_path.suffix == ".py":
        return bool(SLOW_FILE.search(collection_path.read_text(encoding="utf-8"))) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.fixturenames:
            item.add_marker("browser")
