"""What a finished model says of its dataset, whatever was trained: measured by a thread while the devices train."""

import dataclasses
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from nabi.analysis import copies
from nabi.analysis.style_reference import StyleReference
from nabi.workspace import job_exit
from trainer.data.dataset import Dataset
from trainer.evaluation.dataset_survey import DatasetSurvey
from trainer.training import copy_index

Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, eq=False)
class DatasetFigures:
    """Figures that depend on the dataset alone, so that it does not matter when they are measured.

    Attributes:
      copies: the index of the training songs.
      reference: style profiles of the training and validation songs.
      baselines: split -> each n-gram's loss, see `DatasetSurvey.baseline_losses`.
    """

    copies: copies.Index
    reference: StyleReference
    baselines: dict[str, dict[str, float] | None]

    @classmethod
    def measure(cls, dataset: Dataset, survey: DatasetSurvey) -> "DatasetFigures":
        """Measures them; reads the dataset once."""
        reference = StyleReference(dataset.content)
        index = copy_index.measured(dataset, reference.add)
        return cls(index, reference, survey.baseline_losses())


class Background(Generic[Result]):
    """A function that runs in a thread from now on, until its result is asked for.

    It must write nothing: a process that ends before takes the thread with it.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._outcome: tuple[Result] | BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="background")
        self._thread.start()

    def result(self) -> Result:
        """Waits for the result and returns it, or raises the error of the function."""
        self._thread.join()
        if isinstance(self._outcome, tuple):
            return self._outcome[0]
        assert self._outcome
        raise self._outcome

    def __enter__(self) -> "Background[Result]":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Gives up the result on an error: the process need not wait for the thread when it ends."""
        if kind and self._thread.is_alive():
            job_exit.leave_at_once()

    def _run(self) -> None:
        try:
            self._outcome = (self._work(),)
        except BaseException as error:
            # Raised again where the result is asked for.
            self._outcome = error
