import threading

import pytest

from nabi.workspace import job_exit
from trainer.training.dataset_figures import Background

pytestmark = pytest.mark.slow


def test_a_result_is_waited_for_and_an_error_is_raised_where_it_is_asked_for():
    gate = threading.Event()
    with Background(lambda: gate.wait() and 7) as seven:
        gate.set()
    assert seven.result() == 7
    with pytest.raises(ValueError, match="the shard is damaged"):
        Background(lambda: (_ for _ in ()).throw(ValueError("the shard is damaged"))).result()


def test_an_error_beside_it_lets_the_process_end_without_it(monkeypatch):
    left, gate = [], threading.Event()
    monkeypatch.setattr(job_exit, "leave_at_once", lambda: left.append(True))
    done = Background(lambda: None)
    done.result()
    for background, expected in ((done, []), (Background(gate.wait), [True])):
        with pytest.raises(KeyError), background:
            raise KeyError
        assert left == expected
    gate.set()
