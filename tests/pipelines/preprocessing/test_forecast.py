import pytest

from pipelines import preprocess
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import forecast
from pipelines.reading import sources
from tests import builders


@pytest.fixture
def music(tmp_path):
    for index in range(12):
        (tmp_path / f"{index}.mid").write_bytes(builders.scale(5, 48 + index))
    (tmp_path / "bad.mid").write_bytes(b"not MIDI")
    return tmp_path


@pytest.mark.slow
def test_a_sample_of_all_files_is_exact(music):
    expected = forecast.forecast(sources.expand([str(music)]), PreprocessConfig(window=8))
    assert (expected.files, expected.sample, expected.events) == (13, 13, 60)
    # 3 tokens a note but for the last shift, and 2 marks.
    assert expected.tokens == 12 * (3 * 5 - 1 + 2)
    assert expected.records == 24
    assert dict(expected.outcomes) == {("read", ""): 12, ("lost", "not-midi"): 1}


@pytest.mark.slow
def test_a_smaller_sample_is_extrapolated(music):
    (music / "bad.mid").unlink()
    expected = forecast.forecast(sources.expand([str(music)]), PreprocessConfig(window=8), sample=3)
    assert (expected.files, expected.sample, expected.events) == (12, 3, 60)


@pytest.mark.slow
def test_augmentation_is_counted(music):
    settings = PreprocessConfig(window=8, transpose=(-1, 1))
    assert forecast.forecast(sources.expand([str(music)]), settings).records == 72
    played = PreprocessConfig(window=1024, encoding="band", stretch=("2", "1/2"), velocity_scale=("1/2",))
    assert forecast.forecast(sources.expand([str(music)]), played).records == 4 * 12


@pytest.mark.slow
def test_the_flag_says_it_warns_and_writes_nothing(music, tmp_path, capsys):
    preprocess.main(["--input", str(music), "--output", str(tmp_path / "out"), "--dry_run"])
    said = capsys.readouterr().out
    assert "13 files matched" in said
    assert "1 lost (not-midi)" in said
    assert "warning: 12 songs" in said
    assert not (tmp_path / "out").exists()
