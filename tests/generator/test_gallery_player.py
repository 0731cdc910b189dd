"""The songs page in a browser: playing, seeking, and the keyboard."""

import pytest

from generator.songs_dir import audio, render
from nabi.music.song import Song
from nabi.reading import midi_writer

# Eight bars of 4/4 at 120 quarters a minute; in the picture they take the whole width.
SECONDS = 16.0


@pytest.fixture(scope="module")
def files():
    """A song's files, as the job writes them: a scale of quarter notes."""
    song = Song.from_notes([12 * beat for beat in range(32)], [12] * 32, [60 + beat % 12 for beat in range(32)])
    data = midi_writer.write(song)
    row = {"seconds": SECONDS, "notes": 32, "roll": render.time_span(song)}
    return row, {"mid": data, "png": render.piano_roll(song), "mp3": audio.render(data)}


@pytest.fixture
def player(open_page, tmp_path, files):
    """A page of three songs: 0 and 2 sound, 1 does not."""
    row, contents = files
    for extension, content in contents.items():
        (tmp_path / f"a.{extension}").write_bytes(content)
    song = {**row, "file": "a.mid", "picture": "a.png", "audio": "a.mp3"}
    return open_page([{**song, "song": 0}, {"song": 1}, {**song, "song": 2}], model={"network": "LSTM"})


def position(page):
    return page.evaluate("document.getElementById('audio').currentTime")


def wait_for_position(page, seconds):
    page.wait_for_function(f"document.getElementById('audio').currentTime > {seconds}")


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id")


def test_a_song_plays_and_pauses(player):
    player.get_by_label("Play Song 0", exact=True).click()
    wait_for_position(player, 0.3)
    assert player.evaluate("document.getElementById('audio').duration") == pytest.approx(SECONDS, abs=3.5)
    assert player.inner_text("#player-title") == "Song 0"
    assert player.evaluate("document.querySelector('#card-0.current .playhead').offsetLeft") > 0
    player.locator("#card-0").get_by_label("Pause Song 0").click()
    stopped = position(player)
    player.wait_for_timeout(200)
    assert position(player) == stopped
    player.click("#player-toggle")
    wait_for_position(player, stopped + 0.1)


def test_a_click_in_the_picture_plays_from_there(player):
    roll = player.locator("#card-2 .roll")
    box = roll.bounding_box()
    left, right = (edge * box["width"] for edge in (64 / 1200, 1188 / 1200))
    roll.click(position={"x": left + (right - left) * 0.75, "y": 20})
    wait_for_position(player, 0.75 * SECONDS - 0.1)
    assert position(player) < SECONDS
    player.click("#player-toggle")
    share = (
        player.evaluate("parseFloat(document.querySelector('#card-2 .playhead').style.left)") / 100 * 1200 - 64
    ) / 1124
    assert share * SECONDS == pytest.approx(position(player), abs=0.1)


def test_keys_seek_by_five_seconds_wherever_the_focus_is(player):
    player.keyboard.press(" ")
    wait_for_position(player, 0.1)
    player.keyboard.press(" ")
    for target in ("#card-0", "#player-seek"):
        player.focus(target)
        before = position(player)
        player.keyboard.press("ArrowRight")
        assert position(player) == pytest.approx(before + 5, abs=0.01)
    player.keyboard.press("ArrowLeft")
    assert position(player) == pytest.approx(before, abs=0.01)
    player.keyboard.press("Home")
    assert position(player) == 0
    player.keyboard.press(" ")
    wait_for_position(player, 0.1)


def test_the_slider_seeks(player):
    player.get_by_label("Play Song 0", exact=True).click()
    wait_for_position(player, 0.1)
    player.click("#player-toggle")
    player.fill("#player-seek", "9")
    assert position(player) == pytest.approx(9)
    assert player.inner_text("#player-time").startswith("0:09 / 0:1")


def test_the_next_song_that_sounds_follows(player):
    player.get_by_label("Play Song 0", exact=True).click()
    wait_for_position(player, 0.1)
    player.evaluate("document.getElementById('audio').currentTime = document.getElementById('audio').duration - 0.1")
    player.wait_for_function("document.getElementById('player-title').textContent === 'Song 2'")
    player.click("#player-previous")
    assert player.inner_text("#player-title") == "Song 0"


def test_the_tab_key_goes_through_the_page_in_order(player):
    seen = []
    for _ in range(12):
        player.keyboard.press("Tab")
        seen.append(focused(player))
    # The first is the summary of `Model and settings`, which has no name of its own.
    assert seen[1:] == [
        "filter",
        "filters-toggle",
        "sort",
        "order",
        "Song 0",
        "Play Song 0",
        "Favourite: Song 0",
        "MIDI of Song 0",
        "MP3 of Song 0",
        "Copy the link to Song 0",
        "Details of Song 0",
    ]


def test_the_page_is_used_by_keys_alone(player):
    player.keyboard.press("Tab")
    assert not player.evaluate("document.querySelector('#about').open")
    player.keyboard.press(" ")
    assert player.evaluate("document.querySelector('#about').open")
    player.keyboard.press(" ")
    player.keyboard.press("/")
    player.keyboard.type("song /0 ")
    assert player.input_value("#filter") == "song /0 "
    player.fill("#filter", "")
    player.keyboard.press("Escape")
    for song in (0, 1, 2, 2):
        player.keyboard.press("ArrowDown")
        assert focused(player) == f"Song {song}"
    player.keyboard.press("ArrowUp")
    player.keyboard.press("Enter")
    assert not player.is_visible("#player")
    player.keyboard.press("ArrowUp")
    player.keyboard.press("Enter")
    wait_for_position(player, 0.1)
    assert player.inner_text("#player-title") == "Song 0"
    player.focus("#card-0 .more")
    player.keyboard.press(" ")
    assert player.is_visible("#card-0 .details")
    assert not player.evaluate("document.getElementById('audio').paused")


def test_a_sound_that_is_missing_is_told(open_page):
    page = open_page([{"song": 0, "audio": "gone.mp3"}])
    page.get_by_label("Play Song 0", exact=True).click()
    page.wait_for_selector("#player-title.problem")
    assert page.inner_text("#player-title") == "gone.mp3 cannot be played here"
    assert [problem for problem in page.problems if "ERR_FILE_NOT_FOUND" not in problem] == []
    page.problems.clear()


def test_a_song_that_loops_begins_again_and_the_next_one_waits(player):
    player.get_by_label("Play Song 0", exact=True).click()
    player.click("#player-loop")
    assert player.get_attribute("#player-loop", "aria-pressed") == "true"
    wait_for_position(player, 0.1)
    player.evaluate("audio.currentTime = audio.duration - 0.3")
    player.wait_for_function("audio.currentTime < 5 && !audio.seeking")
    assert player.inner_text("#player-title") == "Song 0"
    assert not player.evaluate("audio.paused")
    player.keyboard.press("l")
    assert player.get_attribute("#player-loop", "aria-pressed") == "false"
    player.evaluate("audio.currentTime = audio.duration - 0.3")
    player.wait_for_function("document.getElementById('player-title').textContent === 'Song 2'")


def test_the_volume_is_that_of_all_songs_and_of_their_parts(player):
    player.get_by_label("Play Song 0", exact=True).click()
    player.fill("#player-volume", "0.25")
    assert player.evaluate("audio.volume") == 0.25
    player.evaluate("mixer.context = new AudioContext(), mixer.volume = new GainNode(mixer.context)")
    player.evaluate("mixer.volume.connect(mixer.context.destination)")
    player.fill("#player-volume", "0.5")
    player.wait_for_function("Math.abs(mixer.volume.gain.value - 0.5) < 0.01")
    player.click("#player-next")
    assert player.evaluate("audio.volume") == 0.5


def test_where_a_page_cannot_set_the_volume_it_offers_none(open_page):
    fixed = "Object.defineProperty(HTMLMediaElement.prototype, 'volume', { get: () => 1, set() {} })"
    assert open_page([{"song": 0}], script=fixed).locator("#volume").evaluate("label => label.hidden")
