"""Trials without TensorFlow, for tests: a child that writes at once what a training would leave."""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence

from nabi.workspace import paths, storage
from trainer import task
from trainer.config import TrainConfig
from trainer.data.dataset import open_dataset
from trainer.training import model_folder
from trainer.training.history import TIMING_COLUMNS, CsvTable

Loss = Callable[[TrainConfig], float]


class FakeChild:
    """Stands in for `nabi.workspace.subprocesses.ChildProcess`; `ran` are the configurations trained, by anyone."""

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
        folders = model_folder.RunFolders.of(flags.model_dir, flags.checkpoint_dir, flags.tensorboard_dir)
        assert not model_folder.is_done(folders, config, dataset, None)
        model_folder.claim(folders, config, dataset, None)
        self.ran.append(config)
        show("step 1/1")
        if math.isinf(self.loss(config)):
            model_folder.mark_diverged(folders, config, dataset, None, "nan")
            return 1
        _write(folders, config, self.loss(config))
        paths.complete(folders.model, model_folder.marks_of(config, dataset, None))
        return 0


def _write(folders: model_folder.RunFolders, config: TrainConfig, loss: float) -> None:
    for name in (paths.MODEL, paths.VOCABULARY, paths.HISTORY, paths.CURVES, paths.COPIES, paths.REFERENCE):
        storage.write_text(folders.file(name), f"{name} of {loss}")
    paths.write_json(folders.file(paths.CONFIG), {"train": config.as_dict()})
    figures = {"train": {"loss_nats": 0.0}, "validation": {"loss_nats": loss}}
    paths.write_json(folders.file(paths.METRICS), {**figures, "steps": 4, "best_step": 2, "parameters": 99})
    timing = CsvTable(folders.file(paths.TIMING), TIMING_COLUMNS)
    timing.append(step=4, seconds=1.5, tokens_per_second=1.0, waited_for_data=0.0)
    timing.write()
