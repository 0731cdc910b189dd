import base64

import numpy as np
import pytest

from generator.composer import weights
from nabi.music.encodings import Voices
from tests.generator.composer.models import model_of


def test_tensors_lie_one_after_another_each_at_four_bytes():
    arrays = {
        "a": np.array([[1.5], [2.5], [-1]], np.float16),
        "b": np.array([7], np.uint8),
        "c": np.ones(2, np.float32),
    }
    entries, content = weights.packed(arrays)
    assert entries == [
        {"name": "a", "shape": [3, 1], "type": "float16", "begin": 0},
        {"name": "b", "shape": [1], "type": "uint8", "begin": 8},
        {"name": "c", "shape": [2], "type": "float32", "begin": 12},
    ]
    data = base64.b64decode(content)
    assert len(data) == 20
    assert np.frombuffer(data[:6], "<f2").tolist() == [1.5, 2.5, -1]
    assert np.frombuffer(data[12:], "<f4").tolist() == [1, 1]


@pytest.mark.slow
def test_what_sixteen_bits_hold_has_sixteen_and_fixed_tables_are_never_rounded():
    model = model_of(Voices(), memory=True).model
    plain, half = (weights.tensors(model, precision) for precision in weights.PRECISIONS)
    assert {plain[name].dtype for name in ("lstm_0/kernel", "logits/kernel", "embedding")} == {np.dtype(np.float32)}
    assert {half[name].dtype for name in ("lstm_0/kernel", "logits/kernel", "embedding")} == {np.dtype(np.float16)}
    # Biases of zeros and ones.
    assert plain["lstm_0/bias"].dtype == np.float16
    assert plain["interval_of_pitch"].dtype == np.uint8
    np.testing.assert_array_equal(half["kinds"].astype(np.float32), model.get_layer("kinds").get_weights()[0])
    np.testing.assert_array_equal(plain["logits/kernel"], model.get_layer("logits").get_weights()[0].T)
