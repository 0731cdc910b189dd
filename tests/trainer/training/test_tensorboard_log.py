"""TensorBoard's logs where they can be written, and where not."""

import pytest

from trainer.config import TrainConfig
from trainer.training.tensorboard_log import TensorBoardLog

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("full", ["before", "amid"])
def test_on_a_full_disk_a_warning_tells_that_the_training_goes_on_without_its_logs(small_disk, capsys, full):
    def fill():
        with pytest.raises(OSError, match="No space left"):
            (small_disk / "else").write_bytes(bytes(200_000))

    if full == "before":
        fill()
    board = TensorBoardLog(str(small_disk), TrainConfig())
    if full == "amid":
        fill()
    for step in range(1000):
        board.write({"step": step, "train_loss_nats": 1.0}, tokens_per_second=2.0)
        board.flush()
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith(f"warning: TensorBoard's logs in {small_disk} cannot be written (")
    assert "No space left on device" in said
    assert said.endswith("the training goes on without them, and its history.csv has the same figures")
