"""The network and its memory, token by token, beside those of Python."""

import numpy as np
import pytest

from generator.sampling.grammar import Grammar
from nabi.music.encodings import Bars, Voices
from nabi.music.vocabulary import END, START
from tests.generator.composer.models import model_of

pytestmark = pytest.mark.slow

READ = """(ids) => {
  const all = tables.tokens.map((_, id) => id);
  network.begin();
  return ids.map((id) => {
    network.read(id);
    return { told: network.told, logits: Array.from(network.logitsOf(all)) };
  });
}"""


def walk(model, count, seed):
    """Any ids that the grammar of kinds allows, most of which no song has."""
    grammar = Grammar.of(model.vocabulary, model.encoding, ends=True)
    ids, random = [START], np.random.default_rng(seed)
    while len(ids) < count:
        legal = np.flatnonzero(grammar.after(ids))
        # Few notes and lengths, so that the memory finds what it knows.
        ids.append(int(random.choice(legal[legal != END][:12])))
    return ids


@pytest.mark.parametrize("encoding", [Voices(), Voices(divisors=(5, 4)), Bars()])
def test_what_is_told_and_the_logits_are_those_of_python(run, encoding):
    import tensorflow as tf

    from nabi.networks import variants
    from nabi.networks.memory_layers import memory_of

    model = model_of(encoding, memory=True)
    memory = memory_of(model.model)
    ids = walk(model, 150, seed=1)
    steps = run(model, READ, ids)
    advance, recall = tf.function(variants.stepwise(model.model), autograph=False), tf.function(memory.recall)
    state = [tf.zeros([1, size]) for size in variants.state_sizes(model.model)]
    remembered = [tf.zeros([1, size]) for size in memory.sizes]
    for token, step in zip(ids, steps, strict=True):
        told, remembered = recall(tf.constant([token]), remembered)
        assert {name: step["told"][name] for name in memory.names} == {name: int(told[name][0]) for name in told}
        logits, state = advance(tf.constant([token]), state)
        # Special ids are blocked, and the page never asks for theirs.
        np.testing.assert_allclose(step["logits"][END:], logits[0].numpy()[END:], atol=2e-5)


def test_the_products_are_those_of_plain_sums(run, scripts):
    model = model_of(Voices(), memory=True)
    run(model, "() => null")
    apart = scripts.evaluate(
        """() => {
          const { arithmetic } = network;
          const plain = plainRows(arithmetic.buffer);
          const [vector, result] = [arithmetic.vector(37), arithmetic.vector(2)];
          vector.forEach((_, at) => { vector[at] = Math.sin(at); });
          arithmetic.some.set([5, 2]);
          const of = (rows) => [1, 3, 7, 8, 9, 16, 31, 37].flatMap((width) => {
            rows(network.embedding.begin, arithmetic.some.byteOffset, 2, vector.byteOffset, width, result.byteOffset);
            return Array.from(result);
          });
          const [one, other] = [of(arithmetic.rows), of(plain)];
          const apart = Math.max(...one.map((sum, at) => Math.abs(sum - other[at])));
          return { apart, last: other.at(-1), isNative: String(arithmetic.rows).includes("native code") };
        }"""
    )
    assert apart["isNative"]
    assert apart["last"] != 0
    assert apart["apart"] < 1e-12
