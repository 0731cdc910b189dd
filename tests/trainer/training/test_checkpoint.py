import io
import math
import pathlib

import numpy as np
import pytest

from trainer.data.batch_order import BatchPosition
from trainer.training.checkpoint import BestWeights, Checkpoints, Snapshot


def snapshot(step: int) -> Snapshot:
    best = BestWeights([np.full(3, step / 3, np.float32)], 2, 1 / 3, 4)
    rows = {"history": [{"step": step, "train_loss_nats": 0.1, "validation_loss_nats": None}], "timing": []}
    variables = [np.arange(4, dtype=np.float32).reshape(2, 2) / 3, np.int64(step)]
    return Snapshot(step, BatchPosition(1, 2, 3), variables, [np.ones((2, 5), np.float32)], best, rows, "r")


@pytest.fixture
def checkpoints(tmp_path) -> Checkpoints:
    return Checkpoints(str(tmp_path / "checkpoints"))


def files(checkpoints) -> list[str]:
    return sorted(path.name for path in pathlib.Path(checkpoints.folder).iterdir())


def test_everything_comes_back(checkpoints):
    checkpoints.save(snapshot(10))
    found, damaged = checkpoints.latest()
    assert damaged == []
    wanted = snapshot(10)
    assert (found.step, found.position, found.rows, found.request) == (10, BatchPosition(1, 2, 3), wanted.rows, "r")
    for name in ("variables", "state"):
        for ours, theirs in zip(getattr(found, name), getattr(wanted, name), strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)
    assert (found.best.step, found.best.loss, found.best.stale) == (2, 1 / 3, 4)
    np.testing.assert_array_equal(found.best.weights, wanted.best.weights)


def test_a_run_before_its_first_evaluation(checkpoints):
    one = snapshot(1)
    one.best.loss = math.inf
    checkpoints.save(one)
    assert checkpoints.latest()[0].best.loss == math.inf


def test_the_last_three_are_kept(checkpoints):
    for step in (5, 10, 15, 20):
        checkpoints.save(snapshot(step))
    assert checkpoints.steps() == [10, 15, 20]


def test_no_checkpoint(checkpoints):
    assert checkpoints.latest() == (None, [])


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "array"])
def test_a_damaged_one_falls_back_to_the_one_before(checkpoints, damage):
    for step in (5, 10):
        checkpoints.save(snapshot(step))
    path = pathlib.Path(checkpoints.folder) / files(checkpoints)[-1]
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[data.index(np.float32(1 / 3).tobytes())] ^= 1
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    content = {"cut": data[: len(data) // 2], "empty": b"", "flipped": data, "array": array.getvalue()}
    path.write_bytes(content[damage])
    found, warnings = checkpoints.latest()
    assert found.step == 5
    assert len(warnings) == 1
    assert f"{path} is damaged" in warnings[0]


def test_a_bit_of_the_directory_flipped_is_found(checkpoints):
    checkpoints.save(snapshot(5))
    path = pathlib.Path(checkpoints.folder) / files(checkpoints)[-1]
    data = path.read_bytes()
    numbers = [array.tobytes() for array in checkpoints.latest()[0].variables]
    # Where zip has no checksum: names, flags, versions.
    for place in range(data.index(b"PK\x01\x02"), len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        try:
            found, _ = checkpoints.latest()
        except ValueError as error:
            assert "is damaged" in str(error)  # noqa: PT017
        else:
            assert [array.tobytes() for array in found.variables] == numbers


def test_all_damaged(checkpoints):
    checkpoints.save(snapshot(5))
    (pathlib.Path(checkpoints.folder) / files(checkpoints)[0]).write_bytes(b"not a zip file")
    with pytest.raises(ValueError, match=r"every checkpoint in .* is damaged.*--overwrite"):
        checkpoints.latest()


def test_other_files_are_no_checkpoints(checkpoints):
    checkpoints.save(snapshot(5))
    others = ("config.json", "checkpoint-x.npz", "checkpoint-²³.npz", "checkpoint-7.npz")
    for name in (*others, ".checkpoint-000000007.npz.tmp", "old/checkpoint-000000009.npz"):
        path = pathlib.Path(checkpoints.folder) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert checkpoints.steps() == [5]
