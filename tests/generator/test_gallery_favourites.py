"""The songs page in a browser: favourites and their lists, links to one song, and scores."""

import csv
import pathlib

import pytest

from generator.pages.gallery import SongSet
from tests.generator.test_gallery_list import names

SONGS = [
    {"song": number, "file": f"song-{number:05d}.mid", "key": key, "seed": 5, "seconds": 61.4, "notes": 9}
    for number, key in enumerate(["C major", "A minor", "C major"])
]
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"


def stars(page):
    return [button.get_attribute("aria-pressed") for button in page.locator(".star").all()]


def saved(page, button):
    with page.expect_download() as download:
        page.click(button)
    return download.value.suggested_filename, pathlib.Path(download.value.path()).read_text()


def test_favourites_are_kept_and_shown_alone(open_page):
    page = open_page(SONGS)
    assert page.is_hidden("#favourites")
    page.get_by_label("Favourite: Song 1", exact=True).click()
    page.locator("#card-2").focus()
    page.keyboard.press("f")
    assert page.inner_text("#said") == "Song 2 is a favourite"
    page.reload()
    assert stars(page) == ["false", "true", "true"]
    page.click("#favourites-only")
    assert names(page) == ["Song 1", "Song 2"]
    assert page.inner_text("#count") == "2 of 3"
    page.fill("#filter", "minor")
    assert names(page) == ["Song 1"]
    page.fill("#filter", "")
    for song in (1, 2):
        page.get_by_label(f"Favourite: Song {song}", exact=True).click()
    # Without favourites all songs are back.
    assert names(page) == ["Song 0", "Song 1", "Song 2"]
    assert page.is_hidden("#favourites")


def test_songs_of_another_model_have_favourites_of_their_own(open_page, tmp_path):
    page = open_page(SONGS, model={"steps": 1})
    page.get_by_label("Favourite: Song 0", exact=True).click()
    own = (tmp_path / "index.html").read_text()
    # Pages that were opened without a server share what the browser keeps.
    other = open_page(SONGS, model={"steps": 2}).content()
    page.goto((tmp_path / "index.html").as_uri())
    assert stars(page) == ["false"] * 3
    (tmp_path / "index.html").write_text(own)
    page.reload()
    assert stars(page) == ["true", "false", "false"]
    assert other != own


def test_favourites_are_saved_as_lists(open_page, tmp_path):
    page = open_page([{**SONGS[0], "name": 'The "first", and best', "audio": "a b.mp3"}, *SONGS[1:]])
    for star in (0, 2):
        page.locator(".star").nth(star).click()
    name, text = saved(page, "#favourites-csv")
    assert name == "favourites.csv"
    assert list(csv.reader(text.splitlines())) == [
        ["song", "name", "key", "seed", "seconds", "notes", "file"],
        ["0", 'The "first", and best', "C major", "5", "61.4", "9", "song-00000.mid"],
        ["2", "Song 2", "C major", "5", "61.4", "9", "song-00002.mid"],
    ]
    name, text = saved(page, "#favourites-m3u")
    assert name == "favourites.m3u8"
    assert text.split() == [
        "#EXTM3U",
        *["#EXTINF:61,The", '"first",', "and", "best"],
        f"{tmp_path.as_uri()}/a%20b.mp3",
        *["#EXTINF:61,Song", "2"],
        f"{tmp_path.as_uri()}/song-00002.mid",
    ]


def test_where_storage_is_denied_favourites_last_as_long_as_the_page(open_page):
    page = open_page(SONGS, script=NO_STORAGE)
    page.locator(".star").first.click()
    assert page.is_visible("#favourites-kept")
    assert stars(page) == ["true", "false", "false"]


def test_a_link_leads_to_its_song_past_filters_and_pages(open_page):
    page = open_page([{**SONGS[0], "song": number, "file": f"{number}.mid"} for number in range(120)])
    address = page.url
    page.fill("#filter", "minor")
    assert names(page) == []
    page.goto(f"{address}#song-100")
    page.wait_for_selector("#card-100.linked")
    assert page.input_value("#filter") == ""
    assert page.evaluate("document.activeElement.id") == "card-100"
    page.goto(f"{address}#song-3")
    page.wait_for_selector("#card-3.linked")
    assert page.locator(".linked").count() == 1
    page.goto(f"{address}#nothing")
    assert page.locator(".linked").count() == 1
    fresh = page.context.new_page()
    fresh.goto(f"{address}#song-77")
    assert fresh.evaluate("document.querySelector('.linked').id") == "card-77"


@pytest.mark.parametrize(("rights", "text"), [(CLIPBOARD, "Copied"), ([], "See the address bar")])
def test_a_link_is_copied_or_shown(open_page, rights, text):
    page = open_page(SONGS, context={"permissions": rights}, script="" if rights else NO_CLIPBOARD)
    button = page.get_by_label("Copy the link to Song 1", exact=True)
    button.click()
    assert button.inner_text() == text
    assert page.url.endswith("/index.html#song-1")
    if rights:
        assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_songs_of_several_sets_have_links_of_their_own(open_page):
    sets = [SongSet(SONGS, {}, {}, {}, folder=name, name=name) for name in ("before", "after")]
    page = open_page(sets=sets)
    page.get_by_label("Copy the link to after · Song 1", exact=True).click()
    assert page.url.endswith("#song-1-2")
    page.reload()
    assert page.inner_text(".linked h3 bdi") == "after · Song 1"


def test_a_score_opens_over_the_page_and_closes(open_page, tmp_path):
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>')
    page = open_page([{**SONGS[0], "engraving": "a.svg", "score": "a.musicxml", "pdf": "a.pdf"}, SONGS[1]])
    assert page.locator("#card-0 .links a").all_inner_texts() == ["MIDI", "MusicXML", "PDF"]
    assert page.get_by_label("Score of Song 1", exact=True).count() == 0
    page.get_by_label("Score of Song 0", exact=True).click()
    page.wait_for_function("document.querySelector('#score img').naturalWidth > 0")
    assert page.get_attribute("#score img", "alt") == "Score of Song 0"
    assert page.is_hidden("#score-toggle")
    page.keyboard.press("Escape")
    assert page.is_hidden("#score")
    assert page.evaluate("document.activeElement.textContent") == "Score"


def test_all_songs_are_linked_as_a_zip_where_there_is_one(open_page):
    assert not open_page(SONGS).is_visible("#archive")
    assert open_page(SONGS, archive="songs.zip").get_attribute("#archive a", "href") == "./songs.zip"
