import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import attention
from tests.trainer import datasets

pytestmark = pytest.mark.slow

CONFIG = dataclasses.replace(attention.CONFIG, steps=4, batch_size=2, units=5, embedding=4, warmup_steps=0)
SONG = [2, 4, 7, 5, 6, 4, 7, 5, 9, 4, 8, 3]


@pytest.fixture(params=[0, 1], ids=["first layer", "last layer"])
def model(request):
    return attention.attentive(attention.control(CONFIG, 10, [0, 1, 2]), length=6, layer=request.param)


def logits(model, ids, state=None):
    """The logits of a row of ids, and the state after it; with no state, of a song's beginning."""
    values, *state = model([tf.constant([ids]), *(state or attention.first_state(model, 1))], training=False)
    return values[0].numpy(), state


def test_no_later_token_is_seen(model):
    other = [*SONG[:5], 8, 8, 9, 4, 4, 5, 6]
    expected, found = (logits(model, ids)[0] for ids in (SONG, other))
    np.testing.assert_array_equal(found[:5], expected[:5])
    assert not np.allclose(found[5:], expected[5:])


@pytest.mark.parametrize("window", [1, 4, 6])
def test_windows_one_after_another_give_what_the_song_gives(model, window):
    parts, state = [], None
    for begin in range(0, len(SONG), window):
        part, state = logits(model, SONG[begin : begin + window], state)
        parts.append(part)
    np.testing.assert_allclose(np.concatenate(parts), logits(model, SONG)[0], atol=1e-6)


def test_the_last_outputs_are_carried_and_attended_to(model):
    _, state = logits(model, SONG)
    outputs = next(index for index, part in enumerate(state) if part.shape[1] == 6 * CONFIG.units)
    # The oldest of them has no other way to the logits.
    changed = tf.concat([state[outputs][:, :5] + 1, state[outputs][:, 5:]], 1)
    found = logits(model, SONG[:1], [*state[:outputs], changed, *state[outputs + 1 :]])[0]
    assert not np.allclose(found, logits(model, SONG[:1], state)[0])


def test_songs_are_scored_from_a_state_of_zeros(model, tmp_path):
    songs = datasets.melodies(3, length=11)
    folder = datasets.build(tmp_path / "data", {"train": songs, "validation": songs})
    dataset = attention.open_dataset(folder)
    windows = attention.concatenate(list(attention.batches.read_windows(dataset, "validation")), dataset.window)
    nats = []
    for song in songs:
        ids = [2, *song, 3]
        chances = tf.nn.log_softmax(logits(model, ids[:-1])[0]).numpy()
        nats += [-chances[now, ids[now + 1]] for now in range(len(ids) - 1)]
    assert attention.nats_a_token(model, windows) == pytest.approx(np.mean(nats), rel=1e-5)


def test_both_networks_learn_and_are_scored_four_times(tmp_path, monkeypatch, capsys):
    songs = datasets.melodies(4)
    folder = datasets.build(tmp_path / "data", {"train": songs, "validation": songs[:2]})
    monkeypatch.setattr(attention, "CONFIG", CONFIG)
    attention.main(["--data", folder, "--attention", "3", "--steps", "40"])
    _, _, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert [row[0] for row in rows] == ["0", "3"]
    for _, _, *nats, _ in rows:
        assert len(nats) == 4
        assert float(nats[-1]) < float(nats[0])
