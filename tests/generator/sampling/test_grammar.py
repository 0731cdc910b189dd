import numpy as np
import pytest

from generator.sampling.grammar import Grammar
from nabi.music.encodings import Events, PitchDuration, Steps
from nabi.music.vocabulary import END, PAD, START, UNKNOWN, Vocabulary


def vocabulary(*tokens: str) -> Vocabulary:
    return Vocabulary.from_ordered(tokens, {})


EVENTS = vocabulary("C4", "d:1", "s:1", "d:4")


def legal(grammar: Grammar, known: Vocabulary, *tokens: str) -> list[str]:
    return [known.tokens[index] for index in np.flatnonzero(grammar.after(known.ids[token] for token in tokens))]


def test_what_may_follow_what():
    grammar = Grammar.of(EVENTS, Events(), ends=True)
    assert legal(grammar, EVENTS, "<start>") == ["C4", "s:1"]
    assert legal(grammar, EVENTS, "C4") == ["d:1", "d:4"]
    assert legal(grammar, EVENTS, "d:1") == ["<end>", "C4", "s:1"]
    assert legal(grammar, EVENTS, "d:4") == ["<end>", "C4", "d:1", "s:1", "d:4"]
    assert legal(grammar, EVENTS, "s:1") == ["C4"]


def test_pitches_ascend_within_a_step_and_silence_ends_no_song():
    known = vocabulary("C4", "E4", "|")
    grammar = Grammar.of(known, Steps(), ends=True)
    assert legal(grammar, known) == ["C4", "E4", "|"]
    assert legal(grammar, known, "C4") == ["E4", "|"]
    assert legal(grammar, known, "C4", "E4") == ["|"]
    assert legal(grammar, known, "C4", "|") == ["<end>", "C4", "E4", "|"]
    assert legal(grammar, known, "C4", "|", "|") == legal(grammar, known, "|") == ["C4", "E4", "|"]


def test_without_song_marks_nothing_ends():
    grammar = Grammar.of(EVENTS, Events(), ends=False)
    assert legal(grammar, EVENTS, "d:1") == ["C4", "s:1"]
    assert not grammar.legal_KxV[:, [PAD, UNKNOWN, START, END]].any()


def test_a_vocabulary_that_leads_nowhere_is_refused():
    with pytest.raises(ValueError, match=r"no token that may follow 'C4' in events"):
        Grammar.of(vocabulary("C4", "s:1"), Events(), ends=True)


def test_a_dead_end_that_is_never_reached_does_no_harm():
    # Without rests in the vocabulary, that nothing follows one does not matter; nor does `<end>`.
    Grammar.of(vocabulary("C4:1"), PitchDuration(), ends=True)


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        (["<start>", "C4", "d:1", "<end>"], ["C4", "d:1"]),
        (["d:1", "C4", "d:1", "s:1", "s:1"], ["C4", "d:1", "s:1"]),
        (["<unk>", "<pad>", "d:4", "<end>"], []),
    ],
)
def test_walking_leaves_out_what_may_not_follow(tokens, kept):
    walked = Grammar.of(EVENTS, Events(), ends=True).walk(EVENTS.ids[token] for token in tokens)
    assert [EVENTS.tokens[token] for token in walked] == kept


@pytest.mark.parametrize("outside", [-1, len(EVENTS)])
def test_walking_refuses_what_is_no_id(outside):
    with pytest.raises(ValueError, match=rf"the id {outside} is outside the vocabulary's 0\.\.{len(EVENTS) - 1}"):
        Grammar.of(EVENTS, Events(), ends=True).walk([EVENTS.ids["C4"], outside])
