"""A songs page in the Chromium of the system, without a window."""

import pytest

from generator.pages import gallery


@pytest.fixture
def open_page(browser, tmp_path):
    """open_page(rows, more of the set, context=..., script=...) -> a page of the songs in `tmp_path`.

    The script runs before the page's own.

    Rows of several sets are given as `gallery.SongSet`s, `sets`, and none beside them.

    In the end no page may have asked for anything outside its folder, logged an error or opened a dialog; a test that
    expects one empties `page.problems`.
    """
    contexts, problems = [], []

    def opened(rows=(), *, title="Songs", sets=None, context=None, script="", **more):
        sets = sets or [gallery.SongSet(rows, **{"model": {}, "metrics": {}, "settings": {}, **more})]
        (tmp_path / "index.html").write_text(gallery.page(sets, title=title), encoding="utf-8")
        contexts.append(browser.new_context(**(context or {})))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.add_init_script(script)
        folder = tmp_path.as_uri()
        page.on("request", lambda request: _check_address(request.url, folder, problems))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.problems = problems
        page.goto(f"{folder}/index.html")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def _check_address(address, folder, problems):
    if not address.startswith((f"{folder}/", "data:")):
        problems.append(f"asked for {address}")
