"""Groups of tokens with a temperature of their own."""

import numpy as np

from generator.config import GenerateConfig
from generator.sampling.temperatures import groups
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Events, Voices
from nabi.music.vocabulary import Vocabulary

TOKENS = ["C4", "~C4", "s:1", "bar:1", "@1", "key:C-major", "meter:3/4", "last:1", "phrase:4", "cadence:C4", "again:2"]


def tokens_of(config, tokens=TOKENS, encoding=None):
    """The temperature of each group, with its tokens."""
    vocabulary = Vocabulary.from_ordered(tokens, {})
    found = groups(config, TokenContents.of(vocabulary, encoding or Voices()))
    return {group.temperature: {vocabulary.tokens[number] for number in np.flatnonzero(group.ids_V)} for group in found}


def test_rhythm_is_what_strikes_no_note_and_plans_no_phrase():
    found = tokens_of(GenerateConfig(rhythm_temperature=0.5, phrase_temperature=0.25))
    assert found[0.5] >= {"~C4", "s:1", "bar:1", "@1", "key:C-major", "meter:3/4", "last:1"}
    assert found[0.25] == {"phrase:4", "cadence:C4", "again:2"}
    assert not found[0.5] & (found[0.25] | {"C4"})


def test_a_group_without_a_temperature_or_without_tokens_is_none():
    assert list(tokens_of(GenerateConfig(rhythm_temperature=0.5))) == [0.5]
    assert tokens_of(GenerateConfig()) == {}
    assert tokens_of(GenerateConfig(phrase_temperature=0.5), ["C4", "d:1", "s:1"], Events()) == {}
