import pathlib

import pytest

from pipelines import preprocess
from tests import builders
from tests.generator.models import write_model


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> pathlib.Path:
    """A folder whose `mine` has a dataset of eight melodies in windows of 16, and an untrained model."""
    folder = tmp_path_factory.mktemp("face")
    music = folder / "music"
    music.mkdir()
    for number in range(8):
        notes = [(480 * beat, 480 * beat + 480, 48 + number + beat * (number + 1) % 13) for beat in range(20)]
        (music / f"air-{number}.mid").write_bytes(builders.midi([e for note in notes for e in builders.note(*note)]))
    mine = folder / "runs" / "mine"
    flags = ["--window=16", "--stride=8", "--shards=2", "--split=0.5,0.25,0.25", "--transpose=0..1"]
    preprocess.main([f"--input={music}", f"--output={mine / 'dataset'}", *flags])
    (mine / "model").mkdir()
    write_model(mine / "model")
    return folder / "runs"


@pytest.fixture
def here(runs, tmp_path, monkeypatch) -> pathlib.Path:
    """An empty working directory but for `runs`."""
    (tmp_path / "runs").symlink_to(runs)
    monkeypatch.chdir(tmp_path)
    return tmp_path
