"""Fixtures that tests of several rooms share."""

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
