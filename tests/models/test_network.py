import numpy as np
import tensorflow as tf

from models import network

SMALL = {"vocabulary_size": 7, "embedding": 3, "units": 5, "layers": 2, "dropout": 0.3}


def test_blocked_ids_have_no_chance():
    logits = network.build(**SMALL, blocked=[0, 1, 3])(np.array([[4, 5]])).numpy()
    assert (logits[..., [0, 1, 3]] < -1e8).all()
    assert (np.abs(logits[..., [2, 4, 5, 6]]) < 10).all()


def test_carried_state_continues_the_song():
    model = network.build(**SMALL, blocked=[0])
    tokens = tf.constant([[4, 5, 6, 4, 5], [6, 6, 5, 4, 4]])
    stateful = network.with_state(model)
    states = [tf.zeros((2, size)) for size in network.state_sizes(model)]
    first, *states = stateful([tokens[:, :2], *states])
    second, *_ = stateful([tokens[:, 2:], *states])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), model(tokens), rtol=1e-5, atol=1e-6)
