import pathlib

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nabi.music.keys import KEY_NAMES, correlations, find_key, is_recognised, major_or_minor, signature
from nabi.music.scales import Key
from nabi.music.song import Song
from nabi.reading import file_reader, midi_meta
from tests import builders

WEIGHTS = st.lists(st.integers(0, 50), min_size=12, max_size=12)
MIDI = pathlib.Path("/work/shared/midi")


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("D minor", "D minor"),
        ("Cb", "B major"),
        ("D dorian", "C major"),
        ("A mixolydian", "D major"),
        ("E blues", "E minor"),
        ("C whole-tone", None),
    ],
)
def test_music_is_written_with_the_signature_of_its_key(key, written):
    assert signature(Key.parse(key)) == written


@pytest.mark.parametrize(
    ("key", "name", "known"),
    [
        ("D minor", "D minor", True),
        ("G# harmonic minor", "G# minor", True),
        ("Cb", "B major", True),
        ("D dorian", "D minor", False),
        ("A mixolydian", "A major", False),
        ("E blues", "E minor", False),
        ("C whole-tone", None, False),
        ("C chromatic", None, False),
    ],
)
def test_music_is_heard_on_the_tonic_of_its_key(key, name, known):
    assert major_or_minor(Key.parse(key)) == name
    assert is_recognised(Key.parse(key)) == known


@pytest.mark.parametrize("mode", ["major", "dorian", "phrygian", "lydian", "mixolydian", "locrian"])
def test_a_mode_has_the_notes_of_its_signature(mode):
    for tonic in range(12):
        key = Key(tonic, mode)
        assert Key.parse(signature(key)).classes == key.classes


def line(*pitches: int, duration: int = 12) -> Song:
    """Notes one after another."""
    return builders.song(*((duration * place, duration, pitch) for place, pitch in enumerate(pitches)))


@pytest.mark.parametrize(
    ("song", "key"),
    [
        (line(60, 62, 64, 65, 67, 69, 71, 72, 64, 67, 64, 60), "C major"),
        (line(62, 65, 69, 74, 76, 77, 73, 74, 70, 69, 67, 65, 64, 62), "D minor"),
        # The chords of B flat major: I, IV, V7, I.
        (builders.song(*((24 * bar, 24, pitch) for bar, chord in enumerate(
            [(58, 62, 65, 70), (63, 67, 70), (65, 69, 72, 75), (58, 62, 65, 70)]) for pitch in chord)), "Bb major"),
        (line(66, 70, 73), "F# major"),
        (line(68, 71, 75), "G# minor"),
        (line(61, 65, 68), "Db major"),
        # Two eighths in A minor, and a whole note of C major's chord: what sounds longer counts more.
        (builders.song((0, 48, 60), (0, 48, 64), (0, 48, 67), (48, 6, 69), (54, 6, 76)), "C major"),
    ],
)  # fmt: skip
def test_keys(song, key):
    assert find_key(song).name == key


def test_how_clear_a_key_is():
    """A scale that ends on its chord; the figures, of C major and then A minor, are music21's."""
    found = find_key(line(60, 62, 64, 65, 67, 69, 71, 72, 76, 79, 76, 72))
    assert (found.name, found.tonic) == ("C major", 0)
    assert found.correlation == pytest.approx(0.9068318, abs=1e-7)
    assert found.lead == pytest.approx(0.9068318 - 0.7778395, abs=1e-7)


def test_a_single_note_is_the_fifth_of_its_key():
    """The fifth is the commonest note of tunes in major."""
    assert [find_key(line(pitch)).name for pitch in (60, 70)] == ["F major", "Eb major"]


def test_nothing_has_no_key():
    assert find_key(builders.song()) is None
    assert find_key(line(*range(60, 72))) is None


def test_of_keys_that_fit_equally_the_first_is_taken():
    """A tritone looks the same from both of its ends."""
    found = find_key(line(60, 66))
    assert (found.name, found.lead) == ("F major", 0)
    assert find_key(line(66, 60)) == found


def test_names_are_keys_that_the_rest_of_the_house_reads():
    assert len(set(KEY_NAMES)) == 24
    for place, name in enumerate(KEY_NAMES):
        assert Key.parse(name) == Key(place % 12, "major" if place < 12 else "minor")
        assert midi_meta.key_signature(midi_meta.key_signature_bytes(name)) == name


@given(WEIGHTS, st.integers(0, 11))
def test_transposed_pitch_classes_fit_the_transposed_keys(weights, semitones):
    moved = np.roll(correlations(weights).reshape(2, 12), semitones, axis=1).ravel()
    np.testing.assert_allclose(correlations(np.roll(weights, semitones)), moved, atol=1e-9)


@given(builders.songs(), st.integers(-24, 24))
def test_a_transposed_song_is_in_the_transposed_key(song, semitones):
    song = builders.song(*((start, duration, 30 + pitch // 2) for start, duration, pitch in builders.notes_of(song)))
    found, moved = find_key(song), find_key(song.transpose(semitones))
    assume(found.lead > 0)
    assert moved.tonic == (found.tonic + semitones) % 12
    assert moved.name.split()[1] == found.name.split()[1]
    assert (moved.correlation, moved.lead) == pytest.approx((found.correlation, found.lead), abs=1e-8)


@given(WEIGHTS, st.integers(1, 9))
def test_fit_is_a_correlation_and_does_not_depend_on_tempo(weights, times):
    fits = correlations(weights)
    assert np.abs(fits).max() <= 1 + 1e-9
    np.testing.assert_allclose(correlations(np.array(weights) * times), fits, atol=1e-9)


@given(WEIGHTS)
@settings(max_examples=20)
def test_music21_says_the_same(weights):
    from music21.analysis.discrete import AardenEssen

    judge = AardenEssen()
    expected = [judge._getDifference([0], weights, mode) for mode in ("major", "minor")]
    np.testing.assert_allclose(correlations(weights), np.concatenate(expected), atol=1e-9)


@pytest.mark.parametrize("folder", ["nottingham", "final_fantasy", "pop909"])
def test_music21_finds_the_same_keys_in_real_songs(folder):
    from music21 import note, stream

    files = sorted(MIDI.glob(f"{folder}/*.mid"))[:3]
    if not files:
        pytest.skip("needs /work/shared/midi")
    for file in files:
        song = file_reader.read_song(file.read_bytes(), source=file.name)
        score = stream.Stream()
        for start, duration, pitch in builders.notes_of(song):
            score.insert(start / 12, note.Note(pitch, quarterLength=duration / 12))
        expected, found = score.analyze("key"), find_key(song)
        assert found.correlation == pytest.approx(expected.correlationCoefficient, abs=1e-9)
        assert (found.tonic, found.name.split()[1]) == (expected.tonic.pitchClass, expected.mode)
