"""What a network is told of the intervals around the next note, by slices of chorales."""

import numpy as np
import pytest
import tensorflow as tf

from nabi.music.encodings import Voices
from nabi.music.vocabulary import Vocabulary
from nabi.networks import interval_layers, intervals, network
from nabi.networks.network import Architecture
from nabi.networks.song_memory import SongMemory
from tests.nabi.networks.recalling import recalled

pytestmark = pytest.mark.slow

VOICES = Voices()
VOCABULARY = Vocabulary.from_ordered(list(VOICES.required()), {})
MEMORY = SongMemory.of(VOCABULARY, VOICES)
# The third chord's tenor is next, whose note was D4: A4 D3 F4 went to B4 G3 G4.
BEFORE = ["bar:2", "key:A-minor", "last:4", "C5", "s:4", "bar:1", "A4", "D3", "F4", "D4", "s:1"]
SONG = [*BEFORE, "@1", "B4", "G3", "G4"]
# The same a second higher.
HIGHER = ["bar:2", "key:B-minor", "last:4", "D5", "s:4", "bar:1", "B4", "E3", "G4", "E4", "s:1"]
HIGHER += ["@1", "C#5", "A3", "A4"]


def told(tokens, memory=MEMORY):
    """What is told after the last of the tokens."""
    return {name: parts[-1] for name, parts in recalled(memory, VOCABULARY.encode(tokens)).items()}


def interval(semitones):
    return semitones - intervals.LOWEST + 1


def named(after, kind):
    return [after[f"{kind}_{name}"] for name in intervals.NEIGHBOURS]


def test_pitches_of_the_voice_and_of_its_slice_are_told():
    after = told(SONG)
    assert [after[name] for name in intervals.REFERENCES] == [62 + 1, 71 + 1, 55 + 1, 67 + 1, 0, 0]


def test_a_note_of_the_slice_is_told_once():
    assert [told([*BEFORE, "@1", "B4"])[name] for name in intervals.NEIGHBOURS] == [71 + 1, 0, 0]
    assert [told([*BEFORE, "@1", "B4", "G3"])[name] for name in intervals.NEIGHBOURS] == [71 + 1, 55 + 1, 0]


def test_the_cadence_of_the_phrase_is_told_until_the_next_one_begins():
    begun = ["bar:2", "key:A-minor", "last:4", "phrase:4", "cadence:E5", "cadence:A3", "C5", "A4", "s:2", "@2", "D5"]
    assert [told(begun)[name] for name in intervals.CADENCE] == [76 + 1, 57 + 1]
    # A4 is a fifth below E5, an octave above A3.
    assert [told(begun)[f"to_{name}"] for name in intervals.CADENCE] == [interval(7), interval(-12)]
    assert [told(begun)[f"degree_of_{name}"] for name in intervals.CADENCE] == [12 + 7 + 1, 12 + 1]
    assert [told(begun[:5])[name] for name in intervals.CADENCE] == [76 + 1, 0]
    following = [*begun, "A4", "s:2", "bar:1", "phrase:4"]
    assert [told(following)[name] for name in intervals.CADENCE] == [0, 0]
    assert [told([*following, "cadence:C5"])[name] for name in intervals.CADENCE] == [72 + 1, 0]


def test_intervals_of_the_notes_of_the_slice_are_told():
    after = told(SONG)
    assert named(after, "moved") == [interval(2), interval(5), interval(2)]
    # From A4, D3 and F4 to D4, and from B4, G3 and G4 to it.
    assert named(after, "was_apart") == [interval(-7), interval(12), interval(-3)]
    assert named(after, "is_apart") == [interval(-9), interval(7), interval(-5)]


def test_voices_that_come_after_are_told_by_their_last_notes():
    after = told([*BEFORE, "@1"])
    assert [after[f"to_following_{k}"] for k in (1, 2, 3)] == [interval(-19), interval(-4), interval(-7)]
    # D, F and D are the fourth, the sixth and the fourth of A minor.
    assert [after[f"degree_of_following_{k}"] for k in (1, 2, 3)] == [12 + 5 + 1, 12 + 8 + 1, 12 + 5 + 1]


def test_the_same_is_told_of_a_song_in_another_key():
    low, high = told(SONG), told(HIGHER)
    moved = [name for name in intervals.SIZES if low[name] != high[name]]
    assert moved == ["own", *intervals.NEIGHBOURS, "key"]


def test_degrees_are_those_of_the_key():
    after = told(SONG)
    assert after["key"] == 12 + 9 + 1
    # D is the fourth of A minor, B the second, G the seventh.
    degrees = [after["degree_of_own"], *named(after, "degree_of")]
    assert degrees == [12 + 5 + 1, 12 + 2 + 1, 12 + 10 + 1, 12 + 10 + 1]


def test_a_pair_tells_fifths_that_would_stay_fifths_from_others():
    # A4 over D4 a fifth, D3 an octave, F4 a third.
    assert named(told(SONG), "pair") == [7 * 25 + (2 + 12) + 1, 0 * 25 + (5 + 12) + 1, 3 * 25 + (2 + 12) + 1]


def test_wide_intervals_and_motions_are_cut():
    after = told(["bar:1", "G9", "C-1", "s:1", "@1", "C0"])
    assert (after["was_apart_top"], after["moved_top"]) == (1, 1)
    assert after["pair_top"] == (127 - 0) % 12 * 25 + 1


def test_no_note_no_interval():
    after = told(["bar:1"])
    assert all(after[name] == 0 for name in intervals.SIZES)


def test_logits_of_intervals_raise_the_note_at_that_interval_in_every_key():
    sizes = Architecture(len(VOCABULARY), embedding=4, units=4, layers=1, dropout=0.0, blocked=(0,))
    model = network.build(sizes, memory=MEMORY)
    bias = np.zeros(model.get_layer("interval_logits").get_weights()[1].shape, np.float32)
    # A second above the voice's last note, and the tonic of a minor key.
    bias[interval(2)] = 5
    bias[len(intervals.REFERENCES) * intervals.INTERVALS + 13] = 3
    layer = model.get_layer("interval_logits")
    before = logits(model)
    layer.set_weights([layer.get_weights()[0], bias])
    raised = {VOCABULARY.tokens[id]: round(float(by)) for id, by in enumerate(logits(model) - before) if by > 1}
    expected = {"E4": 5, **{f"A{octave}": 3 for octave in range(-1, 9)}}
    # The notes of a cadence are found in the same way.
    assert raised == {**expected, **{f"cadence:{name}": by for name, by in expected.items()}}


def logits(model):
    ids = VOCABULARY.encode(SONG)
    parts = recalled(MEMORY, ids)
    return model([tf.constant([values]) for values in (ids, *parts.values())])[0, -1].numpy()


@pytest.mark.parametrize(
    ("upper", "own", "kind"),
    [(2, 2, "parallel"), (2, 3, "similar"), (2, -1, "contrary"), (0, 2, "upper stays"), (2, 0, "own stays")],
)
def test_a_learnt_kind_of_motion_holds_whatever_the_notes(upper, own, kind):
    """From a fifth: what is learnt of one motion of a kind raises every other of this kind, and no other kind."""
    relations = interval_layers.relations()
    fifth, sixth = 7 * intervals.MOTIONS, 9 * intervals.MOTIONS
    told_as = {
        name: relations[fifth + up + intervals.OCTAVE + 1, interval(low)]
        for name, up, low in [
            ("parallel", -5, -5),
            ("similar", -1, -7),
            ("contrary", -1, 7),
            ("upper stays", 0, -9),
            ("own stays", -4, 0),
        ]
    }
    assert relations[fifth + upper + intervals.OCTAVE + 1, interval(own)] == told_as[kind]
    assert len(set(told_as.values())) == 5
    assert relations[sixth + upper + intervals.OCTAVE + 1, interval(own)] not in told_as.values()
    assert not relations[0].any()
    assert not relations[:, 0].any()
