"""Trials without TensorFlow, for tests: a child that writes at once what a training would leave."""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence

from songs import layout, storage
from trainer import folder, task
from trainer.config import TrainConfig
from trainer.dataset import open_dataset
from trainer.history import TIMING_COLUMNS, Table

Loss = Callable[[TrainConfig], float]


class FakeChild:
    """Instead of `songs.subprocesses.Child`; `ran` are the configurations that were trained, whoever trained them."""

    def __init__(self, loss: Loss, ran: list[TrainConfig]) -> None:
        self.loss, self.ran = loss, ran
        self.caught: list[int] = []

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        yield

    def run(self, command: Sequence[str], show: Callable[[str], None]) -> int:
        assert command[1:3] == ["-m", "trainer.task"]
        flags = task._parser().parse_args(command[3:])
        config, dataset = TrainConfig.create(TrainConfig.given(flags)), open_dataset(flags.data)
        folders = folder.Folders.of(flags.model_dir, flags.checkpoint_dir, flags.tensorboard_dir)
        assert not folder.is_done(folders, config, dataset, None)
        folder.claim(folders, config, dataset, None)
        self.ran.append(config)
        show("step 1/1")
        if math.isinf(self.loss(config)):
            folder.mark_diverged(folders, config, dataset, None, "nan")
            return 1
        _write(folders, config, self.loss(config))
        layout.complete(folders.model, folder.marks_of(config, dataset, None))
        return 0


def _write(folders: folder.Folders, config: TrainConfig, loss: float) -> None:
    for name in (layout.MODEL, layout.VOCABULARY, layout.HISTORY, layout.CURVES, layout.COPIES, layout.REFERENCE):
        storage.write_text(folders.file(name), f"{name} of {loss}")
    layout.write_json(folders.file(layout.CONFIG), {"train": config.as_dict()})
    figures = {"train": {"loss_nats": 0.0}, "validation": {"loss_nats": loss}}
    layout.write_json(folders.file(layout.METRICS), {**figures, "steps": 4, "best_step": 2, "parameters": 99})
    timing = Table(folders.file(layout.TIMING), TIMING_COLUMNS)
    timing.append(step=4, seconds=1.5, tokens_per_second=1.0, waited_for_data=0.0)
    timing.write()
