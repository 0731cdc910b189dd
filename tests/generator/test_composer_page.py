"""The page that composes, as its visitors use it."""

import pathlib

import pytest

from generator.composer import page, settings
from generator.config import GenerateConfig
from generator.songs.sampling_defaults import SamplingDefaults
from nabi.music.encodings import Bands, Grid, Voices
from nabi.music.song import Song
from nabi.reading import midi_writer
from tests.generator.composer.models import model_of
from tests.nabi.pages.test_every_page import BROKEN, FAINT

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def voices():
    return model_of(Voices(), memory=True)


@pytest.fixture
def composer(browser, tmp_path):
    """composer(context, script) -> the page of a small model, ready; it may fetch nothing and log no error."""
    contexts, problems = [], []

    def opened(context=None, script=""):
        config = GenerateConfig.create({"max_tokens": 60, "tempo": 600.0})
        text = page.page(voices(), config, title="A <model> & more", precision="float16")
        (tmp_path / "page.html").write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(**(context or {})))
        found = contexts[-1].new_page()
        found.set_default_timeout(60_000)
        found.add_init_script(script)
        found.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
        found.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        found.on("pageerror", lambda error: problems.append(str(error)))
        found.goto((tmp_path / "page.html").as_uri())
        found.wait_for_function("document.getElementById('status').textContent.startsWith('Ready')")
        return found

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def wait_for_song(found):
    found.wait_for_function("document.getElementById('status').textContent.includes('composed in')")


def test_a_song_is_composed_played_and_saved(composer):
    found = composer()
    assert found.text_content("h1") == "A <model> & more"
    found.fill("#seed", "5")
    found.fill("#number", "3")
    found.click("#compose")
    wait_for_song(found)
    assert found.text_content("#song-title") == "Song 3 of seed 5"
    assert found.get_attribute("#play", "aria-label") == "Pause"
    assert "--seed=5 --num_songs=4" in found.text_content("#command")
    with found.expect_download() as download:
        found.click("#download")
    song = midi_writer.read_exact(pathlib.Path(download.value.path()).read_bytes())
    notes = found.evaluate("state.song.notes.map((note) => [note.start, note.duration, note.pitch])")
    assert sorted(map(tuple, notes)) == sorted(zip(*(column.tolist() for column in song.notes()), strict=True))
    # At 600 quarter notes a minute the song soon ends, and so does playing.
    found.wait_for_function("!player.isPlaying")


def test_keys_alone_compose_and_play(composer):
    found = composer()
    found.uncheck("#at-once")
    found.focus("#compose")
    found.keyboard.press("Enter")
    wait_for_song(found)
    found.evaluate("document.activeElement.blur()")
    found.keyboard.press("Space")
    assert found.evaluate("player.isPlaying")
    found.keyboard.press("Space")
    assert not found.evaluate("player.isPlaying")
    found.keyboard.press("n")
    found.wait_for_function("document.getElementById('song-title').textContent === 'Song 1 of seed 0'")


def test_a_song_goes_on_from_a_file(composer, tmp_path):
    found = composer(PHONE)
    given = Song.from_notes(start=[0, 0, 24], duration=[48, 24, 24], pitch=[48, 64, 65])
    (tmp_path / "given.mid").write_bytes(midi_writer.write(given))
    found.set_input_files("#file-input", str(tmp_path / "given.mid"))
    found.wait_for_function("document.getElementById('given').textContent === 'given.mid: 3 notes, 1 bar.'")
    found.click("#go-on")
    wait_for_song(found)
    tokens = ["meter:4/4", *Voices().lengthened(Voices().encode(given), 2)]
    primer = found.evaluate("state.song.primer")
    assert primer == [2, *voices().vocabulary.encode(tokens).tolist()]
    assert found.evaluate("document.documentElement.scrollWidth") == 390


def test_what_is_played_on_keys_is_gone_on_from(composer):
    found = composer()
    found.uncheck("#clicks")
    found.click("#record")
    found.evaluate("document.activeElement.blur()")
    for letter in "adg":
        found.keyboard.down(letter)
    found.wait_for_timeout(200)
    for letter in "adg":
        found.keyboard.up(letter)
    found.locator("#piano button[aria-label='C 5']").click()
    found.evaluate("document.activeElement.blur()")
    found.keyboard.press("r")
    found.wait_for_function("document.getElementById('given').textContent.startsWith('What you played: 4 notes')")
    assert found.evaluate("state.given.notes.map((note) => note.pitch).sort()") == [60, 64, 67, 72]
    found.click("#forget")
    assert found.is_disabled("#go-on")


# A keyboard and a synthesizer, where no device is.
DEVICES = """
  const input = { id: "in", name: "Keys" };
  const output = { id: "out", name: "Synth", state: "connected", sent: [] };
  output.send = (bytes, time) => output.sent.push([...bytes, time]);
  Object.assign(window, { input, output });
  const access = { inputs: new Map([["in", input]]), outputs: new Map([["out", output]]) };
  Navigator.prototype.requestMIDIAccess = async () => access;
"""


def test_a_midi_keyboard_is_heard_and_a_midi_synthesizer_played(composer):
    found = composer(script=DEVICES)
    found.uncheck("#clicks")
    found.click("#devices")
    found.wait_for_function("document.getElementById('status').textContent === 'Heard: Keys.'")
    found.click("#record")
    for data in ([0x90, 60, 80], [0x90, 67, 80], [0x80, 60, 0], [0x90, 67, 0], [0xB0, 64, 127]):
        found.evaluate("(data) => { input.onmidimessage({ data }); }", data)
    found.click("#record")
    assert found.evaluate("state.given.notes.map((note) => note.pitch).sort()") == [60, 67]
    found.select_option("#output", "out")
    found.click("#play")
    found.wait_for_function("!player.isPlaying")
    sent = found.evaluate("output.sent")
    assert sorted(message[1] for message in sent if message[0] == 0x90) == [60, 67]
    assert sorted(message[1] for message in sent if message[0] == 0x80) == [60, 67]
    assert all(message[3] > 0 for message in sent if message[0] == 0x90)


def test_wrong_settings_and_files_are_told(composer, tmp_path):
    found = composer()
    found.fill("#temperature", "0")
    found.click("#compose")
    assert found.evaluate("state.request") == 0
    (tmp_path / "no.mid").write_bytes(b"nothing")
    found.set_input_files("#file-input", str(tmp_path / "no.mid"))
    found.wait_for_function("document.getElementById('status').textContent === 'no.mid: this is no MIDI file'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_a_phone_and_a_desk(composer, scheme):
    found = composer({**PHONE, "color_scheme": scheme})
    found.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    for width in (390, 320, 1280):
        found.set_viewport_size({"width": width, "height": 844})
        assert found.evaluate("document.documentElement.scrollWidth") == width
        assert found.evaluate(FAINT) == []
    assert found.evaluate(BROKEN) == []


def test_what_is_pressed_and_filled_in_has_a_name(composer):
    found = composer()
    found.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    unnamed = """() => [...document.querySelectorAll("button, input, select, canvas, a, [role=region]")]
      .filter((one) => one.checkVisibility() && !one.ariaLabel && !one.closest("label") && !one.textContent.trim())
      .map((one) => one.outerHTML)"""
    assert found.evaluate(unnamed) == []
    assert found.get_attribute("#status", "aria-live") == "polite"


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: model_of(Bands()), "the page has models of --encoding voices, bars, events, and this one is of band"),
        (lambda: model_of(Grid(), target="last"), "and this one is of grid"),
        (lambda: model_of(Voices(), target="last"), "the page has models of --target every"),
    ],
)
def test_a_model_that_the_page_cannot_sample_is_refused(model, sentence):
    with pytest.raises(ValueError, match=sentence):
        page.page(model(), GenerateConfig(), title="", precision="float32")


def test_a_recipe_that_draws_nothing_is_refused_and_what_is_left_out_is_said(caplog):
    greedy = SamplingDefaults("mine", {"decoding": "greedy"})
    with pytest.raises(ValueError, match="the recipe mine takes --decoding greedy"):
        settings.check(greedy.with_given({}), greedy)
    caplog.set_level("INFO")
    dense = SamplingDefaults("mine", {"density": 2.0, "temperature": 0.9, "num_songs": 4})
    settings.check(dense.with_given({}), dense)
    assert caplog.messages[-1] == "the page has no --density, which the recipe mine sets"
