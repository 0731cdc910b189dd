"""Under the mask of the order of notes a slice is written as the encoding writes it."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from generator.sampling.order_mask import OrderMask
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Voices
from nabi.music.note_names import PITCH_NAMES
from nabi.music.vocabulary import START
from tests.builders import songs
from tests.generator.models import vocabulary_of

pytestmark = pytest.mark.slow

VOCABULARY = vocabulary_of(Voices())
PITCHES = {mark + name for name in PITCH_NAMES for mark in ("", "~")}
MASK = OrderMask(TokenContents.of(VOCABULARY, Voices()))


def allowed(tokens):
    """The ids that may come after `<start>` and after each of these tokens, bool [V]."""
    memory = MASK.initial(1)
    for token in (START, *VOCABULARY.encode(tokens)):
        memory = MASK.update(memory, tf.constant([token]))
        yield np.isfinite(MASK.apply(tf.zeros([1, len(VOCABULARY)]), memory)[0].numpy())


def pitches_after(text):
    *_, may = allowed(text.split())
    return {token for token, is_free in zip(VOCABULARY.tokens, may, strict=True) if is_free and token in PITCHES}


def test_the_outer_notes_come_first_and_the_others_descend_between_them():
    assert len(pitches_after("bar:1")) == 256
    assert pitches_after("bar:1 D-1") == {"C-1", "~C-1", "C#-1", "~C#-1"}
    assert pitches_after("bar:1 E4 ~C4") == {"C#4", "~C#4", "D4", "~D4", "Eb4", "~Eb4"}
    assert pitches_after("bar:1 E4 ~C4 D4") == {"C#4", "~C#4"}
    assert len(pitches_after("bar:1 E4 ~C4 D4 s:1 @1")) == 256


@settings(max_examples=30, deadline=None)
@given(songs(most_notes=8))
def test_every_song_may_be_sampled(song):
    tokens = Voices().encode(song)
    for may, token in zip(allowed(tokens), VOCABULARY.encode(tokens), strict=False):
        assert may[token]
