"""Fixtures that tests of several rooms share."""

import signal

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
