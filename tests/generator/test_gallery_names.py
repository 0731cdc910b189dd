"""The songs page in a browser: parts of any names, and as many as there are."""

import pytest

from generator.songs_dir import part_rows, parts_page, render
from nabi.music.band import Instrument
from nabi.music.song import Song

NAMES = [
    "<img src=x onerror=alert(1)>",
    "</script><script>window.taken = 1</script>",
    "O\u2019Neill's \"Bass\" & 'Guitar'",
    "\U0001f3bb\U0001f941",
    "\u0643\u0645\u0627\u0646",
    "\u202egnal",
    "-->",
    "",
    "x" * 1000,
    "A " * 500,
]


@pytest.fixture
def many(open_page, tmp_path):
    """The page of a song of 40 parts, among them some with names of all sorts, at the width of a phone."""
    players = [Instrument(name, number) for number, name in enumerate(NAMES)]
    players += [Instrument("Violin", number) for number in range(len(NAMES), 40)]
    notes = [(12 * part, 12, 40 + part, part, 3 * part + 1) for part in range(40)]
    song = Song.from_parts(*zip(*notes, strict=True), instruments=players)
    (tmp_path / "b.png").write_bytes(render.piano_roll(song))
    (tmp_path / "b.parts.html").write_bytes(parts_page.page("b", song, None))
    row = {"song": 0, "roll": render.time_span(song), "picture": "b.png", **part_rows.columns(song)}
    return open_page([{**row, "parts_page": "b.parts.html"}], context={"viewport": {"width": 380, "height": 700}})


def test_names_are_shown_as_they_are_and_widen_nothing(many):
    shown = many.locator("#card-0 .part bdi")
    assert shown.all_text_contents() == [*(name or "unnamed" for name in NAMES), *["Violin"] * 30]
    assert many.evaluate("window.taken") is None
    assert many.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert many.evaluate("(list => list.scrollWidth <= list.clientWidth)(document.querySelector('#card-0 .parts'))")
    # A very long name leaves the next part in sight.
    assert max(part.bounding_box()["height"] for part in many.locator("#card-0 .part").all()) < 100


def test_each_of_forty_parts_is_muted_by_itself(many):
    buttons = many.locator("#card-0 .part .muted")
    for number in (0, 7, 39):
        buttons.nth(number).click()
        many.wait_for_function(f"document.querySelectorAll('#card-0 .part')[{number}].classList.contains('faded')")
        many.wait_for_selector("#card-0 .layer.faded")
        assert many.locator("#card-0 .layer").count() == 41
        assert many.locator("#card-0 .layer.faded").count() == 1
        buttons.nth(number).click()
    many.get_by_label("Mute </script><script>window.taken = 1</script> of Song 0", exact=True).click()
    assert many.locator("#card-0 .part.faded").count() == 1
