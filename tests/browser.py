"""The Chromium of the system, without a window."""

import os
import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    """Not for the session: Playwright's event loop runs as long as it does, and others could start none."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip(f"no Chromium: none of {', '.join(BROWSERS)} is on the PATH, and CHROMIUM names none")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright, of the extra `test`")
    with playwright.sync_playwright() as driver, driver.chromium.launch(executable_path=found) as started:
        yield started
