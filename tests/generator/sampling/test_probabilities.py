import numpy as np
import pytest
import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling.grammar import Grammar
from generator.sampling.probabilities import Explainer
from generator.sampling.sampler import Sampler
from generator.sampling.song_state import SongIds, TokenExplanation
from generator.sampling.stepper import Stepper, carried
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Events
from nabi.music.vocabulary import END, START
from tests.generator.models import vocabulary_of
from tests.generator.sampling.test_sampler import trained

pytestmark = pytest.mark.slow

A, B, C = range(4, 7)
ANY = Grammar(np.zeros((1, 7), np.int64), np.array([[False] * 3 + [True] * 4]))


def stepper_of(table: list[list[float]]) -> Stepper:
    logits = tf.constant(np.log(table), tf.float32)
    return Stepper(lambda last, state: (tf.gather(logits, last), state), lambda rows: [tf.zeros([rows])])


def test_each_token_is_told_with_its_rank_and_what_was_likelier():
    # `<pad>`, `<unk>` and `<start>` are not legal, so the rest has 0.8 of the probability.
    stepper = stepper_of([[0.1, 0.05, 0.05, 0.08, 0.4, 0.24, 0.08]] * 7)
    (told,) = Explainer(stepper, ANY, 2, GenerateConfig()).explain([SongIds(5, (START, C), (A, B), True, 0.0)])
    assert told == (
        TokenExplanation(
            A, pytest.approx(0.5), 1, ((B, pytest.approx(0.3)), (END, pytest.approx(0.1)), (C, pytest.approx(0.1)))
        ),
        TokenExplanation(
            B, pytest.approx(0.3), 2, ((A, pytest.approx(0.5)), (END, pytest.approx(0.1)), (C, pytest.approx(0.1)))
        ),
        TokenExplanation(
            END, pytest.approx(0.1), 3, ((A, pytest.approx(0.5)), (B, pytest.approx(0.3)), (C, pytest.approx(0.1)))
        ),
    )


def test_tokens_that_may_not_follow_are_no_alternatives():
    legal = np.isin(np.arange(7), [A, B])[None]
    stepper = stepper_of([[1 / 7] * 7] * 7)
    (told,) = Explainer(stepper, Grammar(ANY.next_KxV, legal), 1, GenerateConfig()).explain(
        [SongIds(0, (START,), (A,), False, 0.0)]
    )
    assert told == (TokenExplanation(A, pytest.approx(0.5), 1, ((B, pytest.approx(0.5)),)),)


def test_the_probabilities_of_a_song_are_its_likelihood():
    """Songs of several blocks and several to a row, of a network with a state."""
    vocabulary, encoding = vocabulary_of(Events()), Events()
    stepper, grammar = carried(trained(len(vocabulary))), Grammar.of(vocabulary, encoding, ends=True)
    config = GenerateConfig(max_tokens=70)
    songs = Sampler(stepper, grammar, config, TokenContents.of(vocabulary, encoding), slots=4).sample(
        range(9), [(START,)] * 9
    )
    explained = Explainer(stepper, grammar, 4, GenerateConfig()).explain(songs)
    assert max(len(song.tokens) for song in songs) > 64
    for song, told in zip(songs, explained, strict=True):
        assert [each.token for each in told] == [*song.tokens, *([END] if song.ended else [])]
        assert np.log([each.probability for each in told]).sum() == pytest.approx(song.log_likelihood, rel=1e-4)
