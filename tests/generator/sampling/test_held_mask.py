"""Only what sounds can be held, and every song may be sampled."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from generator.sampling.held_mask import HeldMask
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Events, Steps, Voices
from nabi.music.vocabulary import START, Vocabulary
from tests.builders import songs

pytestmark = pytest.mark.slow

VOCABULARY = Vocabulary.from_ordered(list(Voices().required()), {})


def legal(tokens, vocabulary, encoding):
    """The tokens that may be held after each of these, `<start>` first."""
    mask = HeldMask(TokenContents.of(vocabulary, encoding))
    memory, size = mask.initial(1), len(vocabulary)
    for id_ in (START, *vocabulary.encode(tokens)):
        memory = mask.update(memory, tf.constant([id_]))
        free = np.isfinite(mask.apply(tf.zeros([1, size]), memory)[0].numpy())
        yield [token for token, is_free in zip(vocabulary.tokens, free, strict=True) if is_free]


def held(tokens, vocabulary=VOCABULARY, encoding=None):
    """Of the tokens that may come after each token those that hold a note."""
    return [
        [token for token in allowed if token.startswith("~")]
        for allowed in legal(tokens, vocabulary, encoding or Voices())
    ]


def test_what_sounds_in_the_slice_before_may_be_held_and_nothing_else():
    song = ["bar:1", "C5", "C4", "s:1", "@1", "D5", "~C4", "s:1", "@2", "s:1", "@3"]
    assert held(song) == [*[[]] * 4, *[["~C4", "~C5"]] * 4, *[["~C4", "~D5"]] * 2, [], []]


def test_nothing_else_is_masked():
    (first,) = list(legal([], VOCABULARY, Voices()))
    assert set(VOCABULARY.tokens) - set(first) == {token for token in VOCABULARY.tokens if token.startswith("~")}


@settings(max_examples=10)
@given(songs(most_notes=6))
def test_every_song_may_be_sampled(song):
    for encoding in (Voices(), Steps()):
        tokens = encoding.encode(song)
        vocabulary = Vocabulary.from_ordered(sorted({*encoding.required(), *tokens}), {})
        allowed = [set(may) for may in legal(tokens[:-1], vocabulary, encoding)]
        assert all(token in may for token, may in zip(tokens, allowed, strict=True))


def test_an_encoding_that_holds_nothing_has_no_mask():
    assert not TokenContents.of(Vocabulary.from_ordered(["C4", "d:1", "s:1"], {}), Events()).is_held_V.any()
