import io

import numpy as np
import pytest

from nabi.networks import network, trained_model
from nabi.networks.trained_model import read_members
from trainer.sharing import half_precision

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("half") / "model.keras"
    sizes = network.Architecture(vocabulary_size=40, embedding=16, units=64, layers=2, dropout=0.0, blocked=(0, 1, 2))
    trained_model.save_model(network.build(sizes), str(path))
    return path.read_bytes()


def loaded(tmp_path, data: bytes):
    (tmp_path / "model.keras").write_bytes(data)
    return trained_model.load_model(str(tmp_path / "model.keras"))


def test_keras_loads_the_rounded_weights_into_layers_of_single_precision(tmp_path, whole):
    model, half = loaded(tmp_path, whole), loaded(tmp_path, half_precision.halved(whole))
    for own, other in zip(model.get_weights(), half.get_weights(), strict=True):
        assert other.dtype == np.float32
        np.testing.assert_array_equal(other, own.astype(np.float16).astype(np.float32))


def test_half_of_the_size_and_the_same_bytes_each_time(whole):
    half = half_precision.halved(whole)
    assert half_precision.halved(whole) == half
    assert half_precision.halved(half) == half
    sizes = [len(read_members(data)[trained_model.WEIGHTS]) for data in (half, whole)]
    assert sizes[0] < 0.6 * sizes[1]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.1, -3.0], "float16"),
        ([1.0, 2048.0], "float16"),
        ([1.0, 2049.0], "float32"),
        ([0.1, 70_000.0], "float32"),
        ([], "float16"),
    ],
)
def test_what_half_precision_cannot_hold_is_kept(values, kind):
    rounded = half_precision.rounded(np.array(values, np.float32))
    assert rounded.dtype == kind
    np.testing.assert_allclose(rounded.astype(np.float64), np.array(values), rtol=2**-11)


def test_whole_numbers_are_no_floats():
    assert half_precision.rounded(np.arange(3)).dtype == np.int64


def test_the_file_has_no_pickle(whole):
    h5py = pytest.importorskip("h5py")
    kinds = []
    with h5py.File(io.BytesIO(read_members(half_precision.halved(whole))[trained_model.WEIGHTS])) as file:
        file.visititems(lambda _, item: kinds.append(getattr(item, "dtype", np.dtype("f2")).kind))
    assert set(kinds) <= {"f", "i", "u"}
