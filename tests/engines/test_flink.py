"""Both jobs on a Flink cluster, while task managers die: `make test-flink`."""

import os
import signal

import pytest

from nabi.workspace import paths
from tests.engines import jobs
from tests.engines.flink_cluster import TASK_MANAGERS, FlinkCluster, wait_until
from tests.generator.models import write_model

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with FlinkCluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started
    assert started.left() == [], "processes of the cluster still run"


@pytest.fixture
def whole_cluster(cluster):
    """The cluster, with as many task managers as it began with once the test is over."""
    yield cluster
    alive = [process for process in cluster.task_managers if process.poll() is None]
    for _ in range(TASK_MANAGERS - len(alive)):
        cluster.start_task_manager()
    cluster.wait_for_task_managers(TASK_MANAGERS)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return jobs.write_music(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="module")
def local(music, tmp_path_factory):
    """The dataset that this machine makes alone."""
    output = tmp_path_factory.mktemp("local") / "dataset"
    jobs.done(jobs.preprocess(music, output, []))
    return output


def assert_same(made, expected):
    assert jobs.content(made) == jobs.content(expected)
    assert jobs.ledger(made) == jobs.ledger(expected)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_the_dataset_is_the_one_that_this_machine_makes(cluster, music, local, tmp_path):
    jobs.done(jobs.preprocess(music, tmp_path / "made", cluster.flags()))
    assert_same(tmp_path / "made", local)


def test_the_songs_are_those_that_this_machine_makes(cluster, tmp_path):
    model = write_model(tmp_path)
    jobs.done(jobs.generate(model, tmp_path / "local", []))
    jobs.done(jobs.generate(model, tmp_path / "made", cluster.flags()))
    assert jobs.content(tmp_path / "made") == jobs.content(tmp_path / "local")
    assert len(list((tmp_path / "made").glob("*.mid"))) == 130


@pytest.mark.parametrize("there", [f"{paths.STAGING}/*.songs", "train-*.tfrecord"])
def test_a_job_outlives_a_task_manager_that_is_killed(there, whole_cluster, music, local, tmp_path):
    job = jobs.preprocess(music, tmp_path / "made", whole_cluster.flags())
    wait_until(lambda: any((tmp_path / "made").glob(there)) or job.poll() is not None, there)
    assert job.poll() is None
    kill(whole_cluster.task_managers[-1])
    jobs.done(job)
    assert_same(tmp_path / "made", local)


def test_a_job_that_loses_every_task_manager_fails_in_a_sentence_and_succeeds_when_run_again(
    whole_cluster, music, local, tmp_path
):
    job = jobs.preprocess(music, tmp_path / "made", whole_cluster.flags())
    wait_until(lambda: any((tmp_path / "made").glob(f"{paths.STAGING}/*.songs")), "the first spool file")
    for process in whole_cluster.task_managers:
        if process.poll() is None:
            kill(process)
    status, said = jobs.finish(job)
    assert status == 1
    assert "preprocess failed: " in said
    assert "Traceback" not in said
    assert not (tmp_path / "made" / paths.COMPLETED).exists()
    for _ in range(TASK_MANAGERS):
        whole_cluster.start_task_manager()
    whole_cluster.wait_for_task_managers(TASK_MANAGERS)
    jobs.done(jobs.preprocess(music, tmp_path / "made", whole_cluster.flags()))
    assert_same(tmp_path / "made", local)
