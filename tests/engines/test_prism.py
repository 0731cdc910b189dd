"""Both jobs on Prism, Beam's portable engine for one machine: `make test-prism`."""

import pytest

from tests.engines import jobs
from tests.engines.flink_cluster import ROOT
from tests.generator.models import write_model

pytestmark = pytest.mark.cluster

PRISM = ROOT / ".engines" / "prism" / "prism"


@pytest.fixture(scope="module")
def flags():
    if not PRISM.exists():
        raise FileNotFoundError(f"there is no {PRISM}: run `make test-prism`, which builds it")
    return ["--runner=PrismRunner", f"--prism_location={PRISM}"]


def test_the_dataset_is_the_one_that_beams_own_runner_makes(flags, tmp_path):
    music = jobs.write_music(tmp_path / "music")
    jobs.done(jobs.preprocess(music, tmp_path / "local", []))
    jobs.done(jobs.preprocess(music, tmp_path / "made", flags))
    assert jobs.content(tmp_path / "made") == jobs.content(tmp_path / "local")
    assert jobs.ledger(tmp_path / "made") == jobs.ledger(tmp_path / "local")


def test_the_songs_are_those_that_beams_own_runner_makes(flags, tmp_path):
    model = write_model(tmp_path)
    jobs.done(jobs.generate(model, tmp_path / "local", []))
    jobs.done(jobs.generate(model, tmp_path / "made", flags))
    assert jobs.content(tmp_path / "made") == jobs.content(tmp_path / "local")
    assert len(list((tmp_path / "made").glob("*.mid"))) == 130
