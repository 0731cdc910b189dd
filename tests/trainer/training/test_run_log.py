import pytest

from trainer.config import TrainConfig
from trainer.training import run_log
from trainer.training.model_folder import RunFolders
from trainer.training.run_log import RunLog

pytestmark = pytest.mark.slow


@pytest.fixture
def clock(monkeypatch):
    """[now], in seconds."""
    now = [100.0]
    monkeypatch.setattr(run_log.time, "monotonic", lambda: now[0])
    return now


def test_tables_are_published_every_few_seconds_and_at_the_end(tmp_path, clock):
    records = RunLog(RunFolders.of(str(tmp_path)), TrainConfig(), writes=True)

    def published_after(seconds: float, step: int, *, at_once: bool = False) -> int:
        clock[0] += seconds
        records.history.append(step=step)
        records.timing.append(step=step)
        records.write(at_once=at_once)
        history, timing = ((tmp_path / name).read_text().count("\n") - 1 for name in ("history.csv", "timing.csv"))
        assert history == timing
        return history

    assert published_after(0, 1) == 1
    assert published_after(1, 2) == 1
    assert published_after(2, 3) == 3
    assert published_after(0, 4, at_once=True) == 4
