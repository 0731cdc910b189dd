"""What a network is told of its own song's past."""

import dataclasses
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from nabi.analysis.repeated_passages import repeated
from nabi.music.encodings import Voices
from nabi.music.vocabulary import Vocabulary
from nabi.networks import network, song_memory, variants
from nabi.networks.memory_layers import memory_of
from nabi.networks.network import Architecture
from nabi.networks.recall_layer import RecallLayer
from nabi.networks.song_memory import SongMemory
from tests.nabi.networks import recalling

pytestmark = pytest.mark.slow

SMALL = Architecture(vocabulary_size=9, embedding=5, units=6, layers=2, dropout=0.3, blocked=(0,))
# Ids 4, 5 and 6 are of one kind, 7 and 8 of another; 8 moves the time.
KINDS = np.array([[0, 0]] * 4 + [[1, 0]] * 3 + [[0, 1]] * 2, np.float32)
NOTHING = np.zeros(9, np.float32)
START_4_4 = np.array([0, 0, 48] + [0] * 6, np.float32)
MEMORY = SongMemory(KINDS, np.array([0] * 8 + [1], np.float32), *[NOTHING] * 5, START_4_4, *[NOTHING] * 8)
# Id 7 is a bar's number.
WITH_BARS = dataclasses.replace(MEMORY, bars_V=np.array([0] * 7 + [1, 0], np.float32))
REMEMBERED = ("run", "continuation", "first_continuation")
SONG = np.array([[4, 5, 6, 4, 5, 7, 4, 5, 6, 8], [8, 8, 8, 8, 4, 4, 8, 8, 4, 7]], np.int32)


# A layer compiles once for each shape.
layer_of = functools.cache(RecallLayer)


def recalled(songs, memory=MEMORY):
    """What is told of each token by its name, [B, T] each."""
    empty = [tf.zeros((len(songs), size)) for size in memory.sizes]
    return {name: part.numpy() for name, part in layer_of(memory)(tf.constant(songs), empty)[0].items()}


def by_hand(song):
    """The same from the whole song's past, a token at a time."""
    told = []
    for now in range(len(song)):
        runs = {}
        for distance in range(1, now + 1):
            run = 0
            for place in range(distance, now + 1):
                run = run + 1 if song[place] == song[place - distance] else run // 2
            runs[distance] = run
        longest = max(runs.values(), default=0)
        latest = min((distance for distance, run in runs.items() if run == longest and run), default=0)
        earliest = max((distance for distance in runs if song[now - distance] == song[now]), default=0)
        told.append(
            (
                min(longest, song_memory.LONGEST_RUN),
                song[now - latest + 1] if latest else 0,
                song[now - earliest + 1] if earliest else 0,
            )
        )
    return np.array(told).T


def test_a_phrase_that_comes_again_is_told_on_from_its_last_time():
    told = recalled(SONG)
    run, continuation, first = (told[name][0].tolist() for name in REMEMBERED)
    assert continuation[3:5] == [5, 6]
    assert run[3:5] == [1, 2]
    # 4 5 came first as 4 5 6, then as 4 5 7. The second time 7 differed from 6, which halved the run.
    assert (continuation[7], run[7], first[7]) == (7, 3, 6)


def test_a_token_that_differs_halves_a_run():
    told = recalled([[4, 5, 6, 7, 8, 4, 5, 6, 7, 4, 4]])
    run, continuation = (told[name][0].tolist() for name in REMEMBERED[:2])
    assert run[8:10] == [4, 2]
    assert continuation[9] == 4


@settings(max_examples=20)
@given(st.lists(st.sampled_from([4, 5, 6]), min_size=40, max_size=40))
def test_it_is_what_the_whole_past_says(song):
    told = recalled([song])
    np.testing.assert_array_equal(np.stack([told[name][0] for name in REMEMBERED]), by_hand(song))


@settings(max_examples=20)
@given(st.lists(st.sampled_from([4, 5, 6, 7]), min_size=40, max_size=40))
def test_it_recalls_what_the_analysis_of_a_song_calls_repeated(song):
    told = recalled([song], WITH_BARS)
    runs, sources = repeated([str(id_) for id_ in song], [id_ == 7 for id_ in song])
    assert told["run"][0, :-1].tolist() == np.minimum(runs[1:], song_memory.LONGEST_RUN).tolist()
    followed = [song[source] if source >= 0 else 0 for source in sources[1:].tolist()]
    assert told["continuation"][0, :-1].tolist() == followed


def test_the_token_at_the_next_place_of_the_slice_before_is_told():
    aligned = recalled([[4, 5, 8, 6, 7, 8, 5, 8, 4]])["aligned"][0].tolist()
    #  4  5  8  6  7  8  5  8  4
    assert aligned == [0, 0, 4, 5, 8, 6, 7, 5, 8]


def test_long_slices_are_aligned_up_to_their_sixteenth_token():
    aligned = recalled([[4] * 20 + [8] + [5] * 20])["aligned"][0].tolist()
    assert aligned[20:] == [4] * 16 + [0] * 5


def test_the_last_token_of_each_kind_is_told():
    told = recalled([[1, 4, 7, 5, 5, 8, 2, 6]])
    assert [told[name][0].tolist() for name in ("last_0", "last_1")] == [
        [0, 4, 4, 5, 5, 5, 5, 6],
        [0, 0, 7, 7, 7, 8, 8, 8],
    ]


def test_kinds_are_those_of_the_encoding():
    vocabulary = Vocabulary.from_ordered(["C4", "~C4", "s:1", "bar:2", "@1", "key:C-minor"], {})
    memory = SongMemory.of(vocabulary, Voices())
    assert memory.kinds_VxK[4:].argmax(axis=1).tolist() == [3, 1, 5, 0, 4, 2]
    assert memory.kinds_VxK.sum(axis=1).tolist() == [0] * 4 + [1] * 6
    assert memory.ticks_V.tolist() == [0] * 4 + [0, 0, 12, 0, 0, 0]
    assert memory.pitches_V.tolist() == [0] * 4 + [61, 61, 0, 0, 0, 0]
    assert memory.strikes_V.tolist() == [0] * 4 + [1, 0, 0, 0, 0, 0]
    assert memory.keys_V.tolist() == [0] * 4 + [0, 0, 0, 0, 0, 13]
    assert memory.sounds_V.tolist() == [0] * 4 + [1, 1, 0, 0, 0, 0]
    assert memory.bars_V.tolist() == [0] * 4 + [0, 0, 0, 2, 0, 0]
    assert memory.plans_V.tolist() == [1] * 4 + [0, 0, 0, 0, 0, 1]


def test_no_later_token_is_seen_and_songs_in_a_batch_do_not_mix():
    for length in (1, 4, 9):
        whole = recalled(SONG)
        for name, part in recalled(SONG[1:, :length]).items():
            np.testing.assert_array_equal(part[0], whole[name][1, :length])


def logits_of(model, songs, memory=MEMORY):
    return model([tf.constant(part) for part in (songs, *recalled(songs, memory).values())])


def test_training_scoring_and_sampling_recall_alike():
    model = network.build(SMALL, memory=MEMORY)
    states = [tf.zeros((2, size)) for size in variants.state_sizes(model)]
    with_state, step = variants.variant(model, state=True, fused=True), variants.stepwise(model)
    first, *carried = with_state([tf.constant(SONG[:, :4]), *states])
    rest, *_ = with_state([tf.constant(SONG[:, 4:]), *carried])
    expected = logits_of(model, SONG)
    np.testing.assert_allclose(tf.concat([first, rest], 1), expected, rtol=1e-4, atol=1e-5)
    for position in range(SONG.shape[1]):
        logits, states = step(tf.constant(SONG[:, position]), states)
        np.testing.assert_allclose(logits, expected[:, position], rtol=1e-4, atol=1e-5)


def test_plain_keras_loads_a_network_with_a_memory_in_safe_mode(tmp_path):
    model = network.build(SMALL, memory=MEMORY)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(logits_of(loaded, SONG), logits_of(model, SONG))
    kept = memory_of(loaded)
    for column in dataclasses.fields(MEMORY):
        assert getattr(kept, column.name).tolist() == getattr(MEMORY, column.name).tolist()
    assert {type(layer).__module__.split(".")[0] for layer in loaded.layers} == {"keras"}


def test_a_network_can_learn_to_copy():
    """Random tokens, each song twice: of the second half a network with a memory soon knows every token."""
    random = np.random.RandomState(1)
    nothing = np.zeros(20, np.float32)
    memory = SongMemory(np.ones((20, 1), np.float32), *[nothing] * 6, nothing + 48, *[nothing] * 8)
    sizes = Architecture(vocabulary_size=20, embedding=8, units=16, layers=1, dropout=0.0, blocked=(0,))
    model = network.build(sizes, memory=memory)
    optimizer = keras.optimizers.Adam(0.02)

    @tf.function
    def learn(songs):
        with tf.GradientTape() as tape:
            told, _ = RecallLayer(memory)(songs[:, :-1], [tf.zeros((16, size)) for size in memory.sizes])
            logits = model([songs[:, :-1], *told.values()])
            losses = keras.losses.sparse_categorical_crossentropy(songs[:, 1:], logits, from_logits=True)
        optimizer.apply(tape.gradient(losses, model.trainable_variables), model.trainable_variables)
        return losses

    for _ in range(120):
        half = random.randint(4, 20, (16, 12)).astype(np.int32)
        losses = learn(tf.constant(np.concatenate([half, half], axis=1)))
    assert float(tf.reduce_mean(losses[:, 14:])) < 0.7 < 2 < float(tf.reduce_mean(losses[:, :11]))


def test_voices_that_met_on_a_note_part_again():
    def aligned(text):
        song = f"bar:9 C5 C3 A4 E4 s:1 {text} B4 D3 G4 E4".split()
        vocabulary = Vocabulary.from_ordered(sorted(set(song)), {})
        told = recalling.recalled(SongMemory.of(vocabulary, Voices()), vocabulary.encode(song))["aligned"][-5:]
        return [vocabulary.tokens[token] for token in told]

    # Of soprano, bass, alto and tenor the two last ones meet, then each half of the voices, then all.
    assert aligned("@1 D5 ~C3 A4 s:1 @2") == ["D5", "~C3", "A4", "A4", "s:1"]
    assert aligned("@1 D5 ~C3 s:1 @2") == ["D5", "~C3", "D5", "~C3", "s:1"]
    assert aligned("@1 ~C3 s:1 @2") == ["~C3"] * 4 + ["s:1"]
    # More notes than voices, or none, are left as they are.
    assert aligned("@1 D5 ~C3 B4 A4 G4 s:1 @2") == ["D5", "~C3", "B4", "A4", "G4"]
    assert aligned("@1 ~C3 s:1 @2 s:1 @3")[0] == "s:1"
