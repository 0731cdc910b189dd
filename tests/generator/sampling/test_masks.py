import pytest

from generator.config import GenerateConfig
from generator.sampling.masks import allowed
from nabi.music.encodings import Events, Grid, Pitch, PitchDuration, Steps
from nabi.music.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("encoding", "tokens", "left"),
    [
        (Events(), ["C4", "C#4", "C4.E4", "C4.Eb4", "C6", "d:1", "s:1/2"], ["C4", "C4.E4", "d:1", "s:1/2"]),
        (PitchDuration(), ["C4:1", "C#4:1", "C4.E4:1/2", "C3:1", "R:1"], ["C4:1", "C4.E4:1/2", "R:1"]),
        (Pitch(), ["E4", "Eb4", "0.4.7", "0.3.7"], ["E4", "0.4.7"]),
        (Grid(), ["C4", "C4.~E4", "C4.~Eb4", "~B3", "R"], ["C4", "C4.~E4", "R"]),
        (Steps(), ["C4", "C#4", "B4", "C5", "|"], ["C4", "B4", "|"]),
    ],
)
def test_tokens_in_the_key_and_the_range_are_left(encoding, tokens, left):
    vocabulary = Vocabulary.from_ordered(tokens, {})
    mask = allowed(GenerateConfig(key="C major", lowest=60, highest=71), vocabulary, encoding)
    assert mask[:4].all()
    assert [token for token, may in zip(vocabulary.tokens[4:], mask[4:], strict=True) if may] == left


def test_a_mask_that_leaves_no_note_is_refused():
    vocabulary = Vocabulary.from_ordered(["C4", "d:1"], {})
    with pytest.raises(ValueError, match=r"0\.\.59.*--lowest"):
        allowed(GenerateConfig(highest=59), vocabulary, Events())


def test_a_scale_takes_the_tonic_of_the_key():
    vocabulary = Vocabulary.from_ordered(["D4", "F4", "F#4", "G4", "A4", "B4"], {})
    mask = allowed(GenerateConfig(key="D major pentatonic"), vocabulary, Events())
    left = [token for token, may in zip(vocabulary.tokens[4:], mask[4:], strict=True) if may]
    assert left == [
        "D4",
        "F#4",
        "A4",
        "B4",
    ]
