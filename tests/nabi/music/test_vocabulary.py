import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.encodings import Events, PitchDuration
from nabi.music.vocabulary import SPECIAL_TOKENS, Vocabulary, legal_next, read_token_list


def test_descending_count_ties_by_text_required_ones_too():
    vocabulary = Vocabulary.from_counts({"b": 2, "a": 2, "c": 5}, required=["z", "c"])
    assert vocabulary.tokens == (*SPECIAL_TOKENS, "c", "a", "b", "z")
    assert vocabulary.counts == (0, 0, 0, 0, 5, 2, 2, 0)


def test_unknown_tokens_get_the_unknown_id():
    vocabulary = Vocabulary.from_counts({"a": 1})
    assert vocabulary.encode(["a", "b"]).tolist() == [4, 1]
    assert vocabulary.decode([2, 4, 3, 0]) == ["a"]
    for outside in (5, -1, -5):
        with pytest.raises(ValueError, match=rf"the id {outside} is outside this vocabulary's 0\.\.4"):
            vocabulary.decode([4, outside])


def test_marks_are_never_predicted():
    assert Vocabulary.from_counts({"a": 1}).unpredicted(song_marks=True) == [0, 1, 2]
    assert Vocabulary.from_counts({"a": 1}).unpredicted(song_marks=False) == [0, 1, 2, 3]


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 1000)))
def test_json_gives_it_back_and_the_fingerprint_depends_on_tokens_and_counts_alone(counts):
    counts = {token: count for token, count in counts.items() if token not in SPECIAL_TOKENS}
    vocabulary = Vocabulary.from_counts(counts)
    again = Vocabulary.from_json(vocabulary.to_json())
    assert again == vocabulary
    assert again.fingerprint == Vocabulary.from_counts(dict(reversed(counts.items()))).fingerprint
    assert vocabulary.fingerprint != Vocabulary.from_counts({**counts, "one more": 1}).fingerprint


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[["a", 1]]', json.dumps([[t, 0] for t in (*SPECIAL_TOKENS, "a", "a")])]
)
def test_what_is_no_vocabulary_is_refused(text):
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary.from_json(text)


def test_token_list_keeps_its_order_and_refuses_repeats():
    assert read_token_list("g8\n\ne8\n") == ["g8", "e8"]
    assert read_token_list(Vocabulary.from_counts({"a": 1, "b": 2}).to_json()) == ["b", "a"]
    with pytest.raises(ValueError, match="g8"):
        read_token_list("g8\ng8")
    with pytest.raises(ValueError, match="none"):
        read_token_list("")


def test_grammar_over_ids():
    vocabulary = Vocabulary.from_counts({"C4": 3, "d:1": 2, "s:1": 1})
    after, legal = legal_next(vocabulary, Events())
    note, duration, shift, end = 4, 5, 6, 3
    assert legal[0].nonzero()[0].tolist() == [note, shift]
    assert legal[after[0, note]].nonzero()[0].tolist() == [duration]
    assert legal[after[1, duration]].nonzero()[0].tolist() == [end, note, shift]
    assert legal[after[2, shift]].nonzero()[0].tolist() == [note]


def test_no_song_ends_before_its_first_note_and_special_tokens_are_never_legal():
    _, legal = legal_next(Vocabulary.from_counts({"C4:1": 1, "R:1": 1}), PitchDuration())
    rows = list(PitchDuration.FOLLOWS)
    assert not legal[rows.index("start"), 3]
    assert not legal[rows.index("rest"), 3]
    assert not legal[:, :3].any()
