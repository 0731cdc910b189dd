"""The songs page in a browser, with the songs of several sets."""

import pytest

from generator.pages.gallery import SongSet
from generator.songs_dir import audio, render
from nabi.music.song import Song
from nabi.reading import midi_writer
from tests.generator.test_gallery_list import COPIED, HOSTILE, SONGS, names

WIDE = {"viewport": {"width": 1280, "height": 1000}}


def song_set(name, songs, **more):
    rows = [{**SONGS[number % 3], "song": number} for number in songs]
    return SongSet(rows, **{"model": {}, "metrics": {}, "settings": {}, "name": name, **more})


def places(page):
    """The name of each song -> (row, column) by where its card is."""
    boxes = {name: page.locator(".song").nth(at).bounding_box() for at, name in enumerate(names(page))}
    rows, columns = (sorted({box[side] for box in boxes.values()}) for side in "yx")
    return {name: (rows.index(box["y"]), columns.index(box["x"])) for name, box in boxes.items()}


def test_songs_of_one_number_are_in_a_row_and_each_set_in_its_column(open_page):
    page = open_page(sets=[song_set("a", [0, 1, 2]), song_set("b", [1, 2]), song_set("c", [0, 2])], context=WIDE)
    assert places(page) == {
        "a · Song 0": (0, 0),
        "c · Song 0": (0, 2),
        "a · Song 1": (1, 0),
        "b · Song 1": (1, 1),
        "a · Song 2": (2, 0),
        "b · Song 2": (2, 1),
        "c · Song 2": (2, 2),
    }
    page.click("#order")
    assert names(page)[:3] == ["a · Song 2", "b · Song 2", "c · Song 2"]
    assert places(page)["c · Song 0"] == (2, 2)


def test_of_many_sets_a_song_takes_as_many_rows_as_it_needs(open_page):
    page = open_page(sets=[song_set(name, [0, 1]) for name in "abcdef"], context=WIDE)
    expected = [(row, column) for row in range(4) for column in range(3)]
    assert list(places(page).values()) == expected


def test_in_another_order_or_of_one_set_songs_flow(open_page):
    page = open_page(sets=[song_set("a", [0, 1, 2]), song_set("b", [0, 1, 2]), song_set("c", [2])], context=WIDE)
    page.select_option("#sort", "novelty")
    assert names(page) == [f"{name} · Song {song}" for name, song in zip("abcabab", (2, 2, 2, 0, 0, 1, 1), strict=True)]
    assert list(places(page).values()) == [(place // 3, place % 3) for place in range(7)]
    page.select_option("#sort", "number")
    page.click("#filters-toggle")
    page.select_option("#set", "b")
    assert places(page) == {"b · Song 0": (0, 0), "b · Song 1": (0, 1), "b · Song 2": (0, 2)}
    assert page.inner_text("#filters-toggle") == "Filters (1)"
    page.click("#filters-clear")
    assert len(names(page)) == 7


def test_a_page_ends_with_the_last_of_a_number(open_page):
    page = open_page(sets=[song_set(name, range(20)) for name in "abcde"], context=WIDE)
    assert names(page)[-1] == "e · Song 8"
    page.click("#page-on")
    assert names(page)[0] == "a · Song 9"


def test_what_differs_stands_in_a_table_and_what_does_not_once(open_page):
    described = {"summary": "summary.html", "index": "index.html"}
    one = song_set(
        "one", [0], folder="../x", model={"steps": 9, "window": 8}, settings={"decoding": "greedy"}, **described
    )
    two = song_set("two", [0], folder="y z", model={"steps": 0, "window": 8}, settings={"top_k": 4}, **described)
    page = open_page(sets=[one, two], context=WIDE)
    page.click("#about summary")
    assert [row.split("\t") for row in page.inner_text("#sets").split("\n")[-3:]] == [
        ["steps", "9", "0"],
        ["decoding", "greedy", "–"],
        ["top k", "–", "4"],
    ]
    assert page.inner_text("#common").split("\n") == ["window", "8"]
    assert [link.get_attribute("href") for link in page.locator("#sets a").all()] == [
        "./../x/index.html",
        "./../x/summary.html",
        "./y%20z/index.html",
        "./y%20z/summary.html",
    ]
    assert not page.is_visible("#model")
    assert not page.is_visible("#report")


def test_losses_of_several_models_are_named(open_page):
    def metrics(loss, accuracy):
        return {"validation": {"loss_nats": loss, "accuracy": accuracy}, "baselines": {"validation": {"uniform": 5.0}}}

    sets = [song_set("one", [0], metrics=metrics(1.0, 0.5)), song_set("two", [0], metrics=metrics(6.0, 0.01))]
    page = open_page(sets=sets, context=WIDE)
    page.click("#about summary")
    assert page.locator("#losses .ours th").all_text_contents() == ["two", "one"]
    assert page.inner_text("#losses-note") == (
        "Lower is better. Measured on songs they never saw. Next tokens named right: two 1.0 %; one 50.0 %."
    )


@pytest.fixture
def elsewhere(tmp_path):
    """A set whose files lie in a folder of an unusual name."""
    song = Song.from_notes([12 * beat for beat in range(32)], [12] * 32, [60 + beat % 12 for beat in range(32)])
    data = midi_writer.write(song)
    folder = tmp_path / "a #1?"
    folder.mkdir()
    for name, content in {"s.mid": data, "s.png": render.piano_roll(song), "s.mp3": audio.render(data)}.items():
        (folder / name).write_bytes(content)
    row = {"song": 0, "file": "s.mid", "picture": "s.png", "audio": "s.mp3", "seconds": 16.0}
    return SongSet([row], {}, {}, {}, folder=folder.name, name="far")


def test_a_song_of_another_folder_is_seen_and_heard(open_page, elsewhere):
    page = open_page(sets=[song_set("near", [0]), elsewhere], context=WIDE)
    page.wait_for_function("document.querySelector('#card-1 img').naturalWidth > 0")
    page.get_by_label("Play far · Song 0", exact=True).click()
    page.wait_for_function("document.getElementById('audio').currentTime > 0.2")
    assert page.inner_text("#player-title") == "far · Song 0"
    assert page.get_by_label("MIDI of far · Song 0").get_attribute("download") == "far-s.mid"


def test_hostile_names_of_sets_are_text_and_nothing_else(open_page):
    sets = [song_set(name, [0], index="i", summary="s", model={"n": at}) for at, name in enumerate(HOSTILE)]
    page = open_page(sets=sets, title=HOSTILE[0], context=WIDE)
    assert names(page) == [f"{name} · Song 0" for name in HOSTILE]
    assert page.locator("#sets a:first-child").all_text_contents() == HOSTILE
    assert page.locator("#sets td").all_text_contents()[1:] == [str(at) for at in range(len(HOSTILE))]
    page.click("#filters-toggle")
    for name in HOSTILE:
        page.select_option("#set", name)
        assert names(page) == [f"{name} · Song 0"]
    assert page.locator("img[src=x], svg[onload], script:not([type])").count() == 9


def test_a_phone_never_scrolls_sideways(open_page):
    more = {"model": {"network": "w" * 90}, "settings": {"primer": "p" * 90}, "index": "i", "summary": "s"}
    sets = [song_set(name * 60, range(9), **more) for name in "abc"]
    sets[0].songs[0].update({**COPIED, "audio": "a.mp3"})
    phone = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}
    page = open_page(sets=sets, context=phone)
    page.click("#about summary")
    page.click("#filters-toggle")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert {column for _, column in places(page).values()} == {0}
