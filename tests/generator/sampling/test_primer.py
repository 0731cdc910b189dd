import collections
import dataclasses

import pytest

from generator.config import GenerateConfig
from generator.primers import dataset_songs, priming
from generator.primers.primer_reader import PrimerReader
from generator.sampling.grammar import Grammar
from generator.sampling.primer import Primers
from nabi.music.encodings import Bands, Events, PitchDuration
from nabi.music.vocabulary import END, START, UNKNOWN, Vocabulary
from nabi.networks import trained_model
from tests import builders
from tests.generator.datasets import write_dataset, write_ledger, write_songs
from tests.generator.models import CONTENT, vocabulary_of, write_model

EVENTS = vocabulary_of(Events(), ["C4.E4"])


def reader(
    tokens: int = 4, *, song_marks: bool = True, vocabulary: Vocabulary = EVENTS, encoding=None, ticks: int = 0
) -> PrimerReader:
    encoding = encoding or Events()
    grammar = Grammar.of(vocabulary, encoding, ends=song_marks)
    return PrimerReader(vocabulary, encoding, grammar, song_marks, tokens, ticks)


def ids(*tokens: str) -> list[int]:
    return EVENTS.encode(tokens).tolist()


@pytest.fixture
def scale(tmp_path) -> str:
    """C4 C#4 D4 ... in quarter notes."""
    path = tmp_path / "scale.mid"
    path.write_bytes(builders.scale())
    return str(path)


def test_without_a_primer_every_song_starts_with_start():
    assert Primers().of(0) == Primers().of(123) == (START,)


def test_a_file_gives_its_first_tokens_to_every_song(scale):
    pool = reader(5).from_file(scale, instrument="all", parser="music21")
    assert pool.of(0) == pool.of(9) == (START, *ids("C4", "d:1", "s:1", "C#4", "d:1"))
    assert len(pool.of(0)) == 6


def test_a_file_is_read_on_the_grid_of_the_model(tmp_path):
    path = tmp_path / "32nds.mid"
    path.write_bytes(
        builders.midi([event for at in range(3) for event in builders.note(60 * at, 60 * at + 60, 60 + at)])
    )
    fine = Events(divisors=(8, 6))
    vocabulary = vocabulary_of(fine)
    read = reader(5, vocabulary=vocabulary, encoding=fine).from_file(str(path), instrument="all", parser="fast")
    assert vocabulary.decode(read.of(0)) == ["C4", "d:1/8", "s:1/8", "C#4", "d:1/8"]
    bar = reader(99, vocabulary=vocabulary, encoding=fine, ticks=6).from_file(
        str(path), instrument="all", parser="fast"
    )
    assert vocabulary.decode(bar.of(0)) == ["C4", "d:1/8", "s:1/8", "C#4", "d:1/8", "s:1/8"]


def test_a_model_without_song_marks_gets_no_start(scale):
    pool = reader(2, song_marks=False).from_file(scale, instrument="all", parser="music21")
    assert pool.of(0) == tuple(ids("C4", "d:1"))


def test_a_model_that_begins_from_nothing_anywhere_gets_a_start_anywhere(scale, tmp_path):
    begins = dataclasses.replace(reader(2, song_marks=False), blank_first=True)
    music = (START, *ids("C4", "d:1"))
    assert begins.from_file(scale, instrument="all", parser="music21").of(0) == music
    assert begins.from_tokens("C4 d:1").of(0) == music
    data = write_dataset(tmp_path, [[(7, ids("C4", "d:1", "s:1"))]])
    assert begins.from_split(data, "validation", seed=0, content=CONTENT).of(0) == music


@pytest.mark.slow
@pytest.mark.parametrize(
    ("song_marks", "train", "warns"), [(True, {}, False), (False, {}, True), (False, {"blank_first": True}, False)]
)
def test_a_model_that_never_saw_a_beginning_is_warned_of(tmp_path, caplog, song_marks, train, warns):
    loaded = trained_model.load(write_model(tmp_path, song_marks=song_marks, train=train))
    assert priming.primers_of(GenerateConfig(), loaded).of(0) == (START,)
    said = [
        message for message in caplog.messages if message.startswith("--primer start: the model was trained without")
    ]
    assert bool(said) == warns
    caplog.clear()
    priming.primers_of(GenerateConfig(primer="C4 d:1"), loaded)
    assert not caplog.messages


def test_a_chord_that_the_model_does_not_know_is_spelled(tmp_path):
    path = tmp_path / "chord.mid"
    path.write_bytes(builders.midi([event for pitch in (60, 64, 67) for event in builders.note(0, 480, pitch)]))
    pool = reader(9).from_file(str(path), instrument="all", parser="music21")
    assert pool.of(0) == (START, *ids("C4", "d:1", "E4", "d:1", "G4", "d:1"))


def test_tokens_that_the_model_does_not_know_are_left_out(scale):
    known = Vocabulary.from_ordered(["C4:1", "D4:1"], {})
    pool = reader(9, vocabulary=known, encoding=PitchDuration()).from_file(
        scale, instrument="all", parser="music21", move=False
    )
    assert pool.of(0) == (START, 4, 5)


def test_a_file_that_holds_nothing_the_model_knows_is_refused(scale):
    known = Vocabulary.from_ordered(["C9:1/2"], {})
    with pytest.raises(ValueError, match=r"--primer .*scale\.mid holds nothing the model knows"):
        reader(vocabulary=known, encoding=PitchDuration()).from_file(scale, instrument="all", parser="music21")


@pytest.mark.parametrize("data", [b"", b"not music", builders.scale()[:20]])
def test_a_file_that_is_no_song_is_refused(tmp_path, data):
    path = tmp_path / "bad.mid"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"--primer .*bad\.mid cannot be read as a song"):
        reader().from_file(str(path), instrument="all", parser="music21")


def test_a_window_is_cleaned_and_cut(tmp_path):
    at_start = [START, *ids("C4", "d:1", "s:1", "E4", "d:1")]
    inside = [*ids("d:1", "s:1", "G4", "d:2"), END]
    data = write_dataset(tmp_path, [[(0, at_start), (7, inside), (9, [UNKNOWN, *ids("d:1")])]])
    pool = reader(4).from_split(data, "validation", seed=0, content=CONTENT)
    assert set(pool.pool) == {(START, *ids("C4", "d:1", "s:1", "E4")), tuple(ids("s:1", "G4", "d:2"))}


def many(tmp_path) -> str:
    """3 files of 8 windows, each with a pitch of its own."""
    windows = [(0, [START, EVENTS.ids["C-1"] + number, EVENTS.ids["d:1"]]) for number in range(24)]
    return write_dataset(tmp_path, [windows[:8], windows[8:16], windows[16:]])


def test_songs_take_different_windows_by_seed_and_number(tmp_path):
    data = many(tmp_path)
    pool = reader().from_split(data, "validation", seed=1, content=CONTENT)
    assert pool == reader().from_split(data, "validation", seed=1, content=CONTENT)
    assert len(pool.pool) == 24
    taken = collections.Counter(pool.of(song) for song in range(2400))
    assert len(taken) == 24
    assert max(taken.values()) < 150
    other = reader().from_split(data, "validation", seed=2, content=CONTENT)
    assert [pool.of(song) for song in range(20)] != [other.of(song) for song in range(20)]


def test_of_a_large_split_a_sample_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_songs, "MOST", 5)
    pool = reader().from_split(many(tmp_path), "validation", seed=1, content=CONTENT)
    assert len(set(pool.pool)) == 5


LONG = [START, *ids("C4", "d:1", "s:1", "E4", "d:1", "s:1", "G4", "d:1"), END]
OTHER = [START, *ids("A4", "d:2", "s:2", "B4", "d:2"), END]


@pytest.fixture
def named(tmp_path) -> str:
    """Songs `ab` and `cd` with copies in another key and at another speed, and two of the same bytes in two splits."""
    songs = {(name, semitones): OTHER for name in ("ab", "ab*2", "cd", "cd*2") for semitones in (-1, 0, 1)}
    split = {"train": {**songs, ("ab", 0): LONG}, "test": {("ee+1", 0): LONG}}
    write_ledger(tmp_path, [[("Air.mid", "ab", "train"), ("Bee.mid", "cd", "train")], [("Cee.mid", "ee", "test")]])
    return write_songs(tmp_path, split)


@pytest.mark.parametrize(
    ("split", "name", "song"), [("train", "air", LONG), ("train", "bee", OTHER), ("test", "cee", LONG)]
)
def test_the_beginning_of_a_song_is_found_by_its_name(named, split, name, song):
    """Longer than a window, and none that is augmented."""
    pool = reader(7).from_source(named, split, name, content=CONTENT)
    assert pool.of(0) == pool.of(9) == tuple(song[:8] if song is LONG else song[:6])


def test_a_song_of_the_ledger_that_no_record_has_is_refused(named, tmp_path):
    write_ledger(tmp_path, [[("Dee.mid", "ff", "train")], []])
    with pytest.raises(ValueError, match=r"--primer train:dee: Dee\.mid has nothing that the model knows"):
        reader().from_source(named, "train", "dee", content=CONTENT)


def test_a_song_of_another_dataset_is_refused(named):
    with pytest.raises(ValueError, match=r"--data .* has the fingerprint 0123.*, but the model was trained on other"):
        reader().from_source(named, "train", "air", content="other")


def test_a_dataset_of_other_content_is_refused(tmp_path):
    data = write_dataset(tmp_path, [[(0, ids("C4", "d:1"))]], content="fedcba")
    with pytest.raises(ValueError, match=r"--data .* has the fingerprint fedcba, but the model was trained on 0123"):
        reader().from_split(data, "validation", seed=0, content=CONTENT)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_without_windows_is_refused(tmp_path, split):
    data = write_dataset(tmp_path, [[(0, ids("C4", "d:1"))]])
    with pytest.raises(ValueError, match=f"--primer {split}: this split of the dataset .* holds no window"):
        reader().from_split(data, split, seed=0, content=CONTENT)


def test_a_dataset_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        reader().from_split(str(tmp_path / "none"), "validation", seed=0, content=CONTENT)


def test_songs_in_a_row_share_a_primer(tmp_path):
    pool = dataclasses.replace(reader().from_split(many(tmp_path), "validation", seed=1, content=CONTENT), variations=3)
    assert len({pool.of(song) for song in range(240)}) > 20
    assert [pool.of(song) for song in (3, 4, 5)] == [pool.of(3)] * 3


def test_a_file_is_cut_at_a_tick(scale):
    # The fourth quarter note begins at tick 36.
    pool = reader(99, ticks=36).from_file(scale, instrument="all", parser="music21")
    assert pool.of(0) == (START, *ids("C4", "d:1", "s:1", "C#4", "d:1", "s:1", "D4", "d:1", "s:1"))


def test_a_file_is_moved_to_the_nearest_key_that_the_model_knows(scale, caplog):
    known = Vocabulary.from_ordered(["Eb4:1", "E4:1", "F4:1", "F#4:1"], {})
    with caplog.at_level("INFO"):
        pool = reader(3, vocabulary=known, encoding=PitchDuration()).from_file(
            scale, instrument="all", parser="music21"
        )
    assert known.decode(pool.of(0)) == ["Eb4:1", "E4:1", "F4:1"]
    assert caplog.messages == ["the primer is moved by +3 semitones, to where the model knows more of it"]


def test_tokens_are_taken_as_they_are():
    assert reader(5).from_tokens(" C4 d:1  s:1 E4 d:1").of(5) == (START, *ids("C4", "d:1", "s:1", "E4", "d:1"))


def test_tokens_are_cut_as_other_primers_are():
    assert reader(2).from_tokens("C4 d:1 s:1 E4 d:1").of(0) == (START, *ids("C4", "d:1"))
    assert reader(9, ticks=12).from_tokens("C4 d:1 s:1 E4 d:1").of(0) == (START, *ids("C4", "d:1", "s:1"))


def test_a_primer_is_not_cut_between_a_velocity_and_its_note():
    vocabulary = vocabulary_of(Bands())
    begun = "bar:2 last:4 part:40 part:drums program:40"
    read = reader(6, vocabulary=vocabulary, encoding=Bands()).from_tokens(f"{begun} velocity:4 C5 d:1")
    assert vocabulary.decode(read.of(0)) == begun.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "primer"),
    [({}, 40), ({"primer_tokens": 5}, 5), ({"primer_bars": 1, "meter": "1/4"}, 6)],
)
def test_tokens_are_taken_to_the_last_unless_a_length_is_asked_for(tmp_path, settings, primer):
    loaded = trained_model.load(write_model(tmp_path, song_marks=False))
    config = GenerateConfig(primer=" ".join(["C4", "d:1", "s:1/2"] * 13 + ["C4"]), **settings)
    assert len(priming.primers_of(config, loaded).of(0)) == primer


def test_whole_songs_are_put_together_of_their_windows(tmp_path):
    song = [START, *ids("C4", "d:1", "s:1", "E4", "d:1", "s:1", "G4", "d:1"), END]
    moved = [START, *ids("D4", "d:1", "s:1", "F#4", "d:1"), END]
    data = write_songs(tmp_path, {"train": {("ab", 0): song, ("ab", 2): moved, ("ab*2", 0): moved, ("cd", 0): moved}})
    pool = reader(99).from_split(data, "train", seed=0, content=CONTENT, songs=True).pool
    assert set(pool) == {tuple(song[:-1]), tuple(moved[:-1])}
    assert len(pool) == 2
    assert reader(6).from_split(data, "train", seed=0, content=CONTENT, songs=True).of(0) in {
        tuple(song[:7]),
        tuple(moved[:6]),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C4 d:99", "'d:99' is no token of the model; these are: "),
        ("valid", "'valid' is neither a MIDI file nor one of start, train, validation, test"),
        ("C4 s:1", "'s:1' may not stand after 'C4' in events"),
        ("d:1", "'d:1' may not stand first in events"),
        (" ", "--primer ' ' holds no token"),
    ],
)
def test_tokens_that_are_none_or_out_of_place_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        reader().from_tokens(text)
