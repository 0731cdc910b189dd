"""The songs page in a browser: mute and solo of a band's parts."""

import pytest

from generator.songs_dir import part_rows, parts_page, render, stems
from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.reading import midi_writer

BAND = [Instrument("Organ", 19), Instrument("Bass", 32), Instrument("Drums", 0, is_drums=True)]


def band():
    """Eight bars of 4/4 at 120 quarters a minute: an organ all the time, a bass from bar 2 on, drums in bar 1 alone."""
    notes = [(0, 384, 60, 0, 100), *((48 + 24 * at, 24, 40, 1, 40) for at in range(14)), (0, 12, 36, 2, 120)]
    return Song.from_parts(*zip(*notes, strict=True), instruments=BAND)


@pytest.fixture(scope="module")
def files():
    """The row and the files of the band, as the job writes them."""
    song = band()
    midi = midi_writer.write(song, tempo=120)
    whole, parts = stems.render(midi, "mp3")
    contents = {"b.mp3": whole, "b.png": render.piano_roll(song), "b.parts.html": parts_page.page("b", song, parts)}
    contents["silent.parts.html"] = parts_page.page("b", song, None)
    row = {"seconds": 16.0, "roll": render.time_span(song), "picture": "b.png", **part_rows.columns(song)}
    return row, contents


@pytest.fixture
def mixer(open_page, tmp_path, files):
    """A page of three songs of the band: 0 has audio, 1 has none, 2 has audio."""
    row, contents = files
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    sounds = {**row, "audio": "b.mp3", "parts_page": "b.parts.html"}
    return open_page(
        [{**sounds, "song": 0}, {**row, "song": 1, "parts_page": "silent.parts.html"}, {**sounds, "song": 2}]
    )


def press(page, name, song=0):
    page.get_by_label(f"{name} of Song {song}", exact=True).click()


def pressed(page, song=0):
    buttons = page.locator(f"#card-{song} .part button[aria-pressed=true]").all()
    return [button.get_attribute("aria-label") for button in buttons]


def faded(page, song=0):
    """The parts whose names and whose notes in the picture are faded."""
    names = page.locator(f"#card-{song} .part.faded bdi").all_text_contents()
    page.wait_for_function(f"document.querySelectorAll('#card-{song} .layer.faded').length === {len(names)}")
    return names


def play(page, song=0):
    page.get_by_label(f"Play Song {song}", exact=True).click()
    page.wait_for_function("document.getElementById('audio').currentTime > 0.1")


def wait_for_stems(page):
    page.wait_for_function("mixer.sources.length > 0")


def levels(page):
    """The loudest sample of each part and of the song's own audio in the next half second, as they are heard."""
    return page.evaluate("""async () => {
      const meters = mixer.gains.map((gain) => {
        const meter = new AnalyserNode(mixer.context, { fftSize: 8192 });
        gain.connect(meter);
        return meter;
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      const samples = new Float32Array(8192);
      return meters.map((meter) => {
        meter.getFloatTimeDomainData(samples);
        return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      });
    }""")


def heard(page):
    """The numbers of the parts that are heard."""
    return [part for part, level in enumerate(levels(page)) if level > 0.005]


def seek(page, seconds):
    page.fill("#player-seek", str(seconds))
    page.wait_for_function("!audio.seeking")
    wait_for_stems(page)


def test_a_part_is_muted_and_heard_again_while_the_song_plays(mixer):
    play(mixer)
    assert not mixer.evaluate("audio.muted")
    press(mixer, "Mute Organ")
    wait_for_stems(mixer)
    assert mixer.evaluate("audio.muted")
    seek(mixer, 3)
    assert heard(mixer) == [1]
    press(mixer, "Mute Organ")
    assert heard(mixer) == [0, 1]
    assert (pressed(mixer), faded(mixer)) == ([], [])


def test_a_soloed_part_is_heard_alone_and_a_muted_one_never(mixer):
    play(mixer)
    press(mixer, "Solo Bass")
    wait_for_stems(mixer)
    seek(mixer, 3)
    assert heard(mixer) == [1]
    assert faded(mixer) == ["Organ", "Drums"]
    press(mixer, "Solo Organ")
    press(mixer, "Mute Bass")
    assert heard(mixer) == [0]
    assert faded(mixer) == ["Bass", "Drums"]
    assert pressed(mixer) == ["Solo Organ of Song 0", "Mute Bass of Song 0", "Solo Bass of Song 0"]


def test_parts_stay_in_step_when_the_song_is_sought_and_paused(mixer):
    play(mixer)
    press(mixer, "Mute Drums")
    wait_for_stems(mixer)
    for seconds in (9, 2):
        seek(mixer, seconds)
        mixer.wait_for_timeout(300)
        assert abs(mixer.evaluate("ahead()")) < 0.08
    mixer.click("#player-toggle")
    mixer.wait_for_function("mixer.sources.length === 0")
    assert heard(mixer) == []
    mixer.click("#player-toggle")
    wait_for_stems(mixer)
    # As after a machine was too busy to play.
    mixer.evaluate("mixer.began += 1")
    mixer.wait_for_function("Math.abs(ahead()) < 0.08")


def test_muted_before_it_plays_a_song_begins_without_the_part(mixer):
    press(mixer, "Mute Organ", song=2)
    play(mixer, 2)
    assert mixer.evaluate("audio.muted")
    wait_for_stems(mixer)
    seek(mixer, 3)
    assert heard(mixer) == [1]
    play(mixer, 0)
    assert not mixer.evaluate("audio.muted || mixer.sources.length")
    assert pressed(mixer, 2) == ["Mute Organ of Song 2"]


def test_without_audio_the_picture_alone_fades(mixer):
    press(mixer, "Mute Bass", song=1)
    assert faded(mixer, 1) == ["Bass"]
    layers = mixer.locator("#card-1 .layer")
    assert layers.count() == 4
    assert [float(layer.evaluate("layer => getComputedStyle(layer).opacity")) < 0.5 for layer in layers.all()] == [
        False, True, False, False
    ]  # fmt: skip
    press(mixer, "Mute Bass", song=1)
    assert layers.count() == 0
    assert mixer.evaluate("mixer.context") is None


def test_mute_and_solo_are_used_by_keys_and_kept_when_the_list_is_made_again(mixer):
    mixer.focus("#card-0 .muted")
    mixer.keyboard.press(" ")
    mixer.keyboard.press("Tab")
    mixer.keyboard.press("Enter")
    mixer.wait_for_selector("#card-0 .layer")
    assert mixer.is_hidden("#player")
    mixer.click("#order")
    assert pressed(mixer) == ["Mute Organ of Song 0", "Solo Organ of Song 0"]
    assert faded(mixer) == ["Organ", "Bass", "Drums"]


def test_a_page_of_parts_that_is_missing_or_of_another_song_is_told(open_page, tmp_path, files):
    row, contents = files
    (tmp_path / "other.parts.html").write_bytes(contents["b.parts.html"])
    two = {**row, "parts": row["parts"][:2], "parts_page": "other.parts.html"}
    page = open_page([{**two, "song": 0}, {**row, "song": 1, "parts_page": "gone.parts.html"}])
    press(page, "Mute Organ")
    press(page, "Mute Organ", song=1)
    page.wait_for_selector("#card-0 .parts .problem")
    assert page.inner_text("#card-0 .parts .problem") == "other.parts.html cannot be opened here"
    page.wait_for_selector("#card-1 .parts .problem")
    page.problems.clear()


def test_the_page_of_parts_can_do_nothing_but_hand_over(open_page, tmp_path, files):
    scripts = ["alert(1)", "parent.document.title = 'taken'", "parent.postMessage(7, '*')"]
    hostile = "".join(f"<script>{script}</script>" for script in scripts)
    (tmp_path / "b.parts.html").write_text(hostile)
    page = open_page([{**files[0], "song": 0, "parts_page": "b.parts.html"}])
    press(page, "Mute Organ")
    page.wait_for_selector("#card-0 .parts .problem")
    assert page.title() == "Songs"
    assert not any(problem.startswith("dialog") for problem in page.problems)
    page.problems.clear()


def test_a_song_of_one_part_has_nothing_to_mute(open_page, files):
    row = {**files[0], "parts": files[0]["parts"][:1], "picture": None}
    page = open_page([{**row, "song": 0}, {"song": 1}])
    assert page.locator(".part button").count() == 0
    assert page.locator(".parts").count() == 1
