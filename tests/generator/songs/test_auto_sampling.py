import numpy as np
import pytest

from generator import generate
from generator.songs import auto_sampling
from generator.songs.auto_sampling import SampleStatistics, distance
from generator.songs_dir.writing import Writer
from nabi.music.encodings import PitchDuration
from nabi.music.vocabulary import END, START
from nabi.workspace import paths
from tests.generator.datasets import write_dataset
from tests.generator.models import vocabulary_of, write_model

TOKENS = ["C4:1", "E4:1", "G4:1", "C4:1/2", "R:1"]
KNOWN = vocabulary_of(PitchDuration(), TOKENS)


def figures(**changed) -> SampleStatistics:
    counts = {"degrees": np.array([1, 1]), "durations": np.array([1, 1])}
    return SampleStatistics(**{"entropy": 2.0, "repeated": 0.5, **counts, **changed})


def test_equal_sets_are_not_apart():
    assert distance(figures(), figures()) == 0


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"entropy": 3.0}, 0.5),
        ({"entropy": 0.0}, 1),
        ({"repeated": 0.7}, 0.2),
        ({"degrees": np.array([1, 0])}, 0.5),
        ({"durations": np.array([0, 0])}, 1),
        ({"entropy": 1.0, "repeated": 0.4}, 0.6),
    ],
)
def test_each_difference_counts(changed, expected):
    assert distance(figures(**changed), figures()) == pytest.approx(expected)


def test_what_is_measured_of_songs(tmp_path):
    from nabi.networks import trained_model

    model = trained_model.load(write_model(tmp_path, encoding=PitchDuration(), tokens=TOKENS))
    even = [START, *KNOWN.encode(["C4:1", "E4:1"] * 8).tolist(), END]
    plain = KNOWN.encode(["C4:1/2"] * 8).tolist()
    found = SampleStatistics.of([even, plain, [START, END]], model)
    # Of 16 tokens, two evenly, 1 bit; of 9 runs of 8, two differ. Of 8 equal ones 0 bits, and one run.
    assert found.entropy == pytest.approx((1 + 0) / 2)
    assert found.repeated == pytest.approx((7 / 9 + 0) / 2)
    assert {ticks + 1: int(found.durations[ticks]) for ticks in np.flatnonzero(found.durations)} == {12: 16, 6: 8}


@pytest.fixture
def model(tmp_path) -> str:
    """A model and its dataset, whose validation songs are one note over and over."""
    window = [START, *KNOWN.encode(["C4:1"] * 8).tolist()]
    data = write_dataset(tmp_path / "data", [[(0, window), (9, [*window[1:], END])]])
    return write_model(tmp_path / "model", encoding=PitchDuration(), tokens=TOKENS, data=data)


def test_the_closest_is_chosen_and_a_job_that_goes_on_remembers_it(model, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(auto_sampling, "TEMPERATURES", (0.05, 2.0))
    monkeypatch.setattr(auto_sampling, "TOP_PS", (0.1, 1.0))
    monkeypatch.setattr(auto_sampling, "SONGS", 16)
    flags = [f"--model={model}", f"--output={tmp_path / 'songs'}", "--num_songs=2", "--audio=none", "--max_tokens=8"]
    caplog.set_level("INFO")
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write_rows", None)
        with pytest.raises(TypeError):
            generate.main([*flags, "--auto_sampling"])
    trials = paths.read_json(str(tmp_path / "songs" / paths.AUTO_SAMPLING))["trials"]
    assert [(trial["temperature"], trial["top_p"]) for trial in trials] == [(0.05, 0.1), (0.05, 1), (2, 0.1), (2, 1)]
    assert generate.main([*flags, "--auto_sampling"]) == 0
    best = min(trials, key=lambda trial: trial["distance"])
    chosen = f"chosen: --temperature={best['temperature']} --top_p={best['top_p']}"
    assert caplog.messages.count(chosen) == 2
    assert sum("trials of 16 songs" in line for line in caplog.messages) == 1
    (row, _) = paths.read_rows(str(tmp_path / "songs" / "songs-00000-of-00001.jsonl"))
    assert (row["settings"]["temperature"], row["settings"]["top_p"]) == (best["temperature"], best["top_p"])


def test_without_validation_songs_there_is_nothing_to_compare(tmp_path, capsys):
    data = write_dataset(tmp_path / "data", [[(3, KNOWN.encode(["C4:1"]).tolist())]])
    model = write_model(tmp_path / "model", encoding=PitchDuration(), tokens=TOKENS, data=data)
    assert generate.main([f"--model={model}", f"--output={tmp_path / 'songs'}", "--auto_sampling", "--audio=none"]) == 2
    assert "--auto_sampling compares with validation songs, and" in capsys.readouterr().err
