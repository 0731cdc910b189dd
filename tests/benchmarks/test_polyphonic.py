import numpy as np
import pytest

from benchmarks import polyphonic
from nabi.workspace import recipes
from trainer import config
from trainer.data.dataset import open_dataset

SMALL = [f"--{key}=2" for key in ("steps", "batch_size", "units", "embedding", "layers", "checkpoint_every")]
SMALL.append("--warmup_steps=0")


@pytest.fixture
def flags(tmp_path):
    """Flags for a folder with a small `Nottingham.mat`, in which every frame of every piece is C4."""
    scipy_io = pytest.importorskip("scipy.io")
    frame = np.zeros((1, 88), np.uint8)
    frame[0, 39] = 1
    cells = np.empty((1, 2), object)
    cells[0, :] = [np.repeat(frame, 9, axis=0), np.repeat(frame, 5, axis=0)]
    scipy_io.savemat(tmp_path / "Nottingham.mat", dict.fromkeys(("traindata", "validdata", "testdata"), cells))
    return [f"--paper={tmp_path}", f"--output={tmp_path}/out"]


def test_every_set_has_a_run_that_is_chosen_on_its_whole_validation_split():
    # MuseData has the most tokens there: 370,648, and two marks for each of 135 pieces.
    for name in polyphonic.sets.SETS:
        assert config.TrainConfig.create(recipes.load(f"polyphonic:{name}", "train")).evaluation_tokens > 370_918


def test_preparing_takes_the_recipe_unless_a_flag_says_otherwise(flags, tmp_path, capsys):
    polyphonic.main(["prepare", "Nottingham", *flags])
    dataset = open_dataset(f"{tmp_path}/out/Nottingham/dataset")
    told = recipes.load("polyphonic", "preprocess")
    assert (dataset.window, dataset.settings["stride"]) == (told["window"], told["stride"])
    assert dataset.settings["transpose"] == list(range(-6, 7))
    assert capsys.readouterr().out.splitlines()[1].split() == ["train", "2", "14", "14", "28", "364", "0", "0"]
    polyphonic.main(["prepare", "Nottingham", *flags, "--overwrite", "--window=8", "--no-transpose"])
    dataset = open_dataset(f"{tmp_path}/out/Nottingham/dataset")
    assert (dataset.window, dataset.settings["stride"], dataset.settings["transpose"]) == (8, 8, [])


def test_all_prepares_trains_and_scores_both_splits(flags, tmp_path, capsys):
    polyphonic.main(["all", "Nottingham", *flags, "--window=8", *SMALL])
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("Nottingham ")][1:]
    # The splits are the same pieces here, so their figures are too.
    assert rows[0][:5] == ["Nottingham", "validation", "13", "2", "14"]
    # A melody of one note shares nothing: both pieces are new.
    assert (rows[0][7], rows[0][9]) == ("2", "0")
    assert float(rows[0][8]) == pytest.approx(float(rows[0][5]), abs=0.002)
    assert rows[1] == ["Nottingham", "test", *rows[0][2:], "2.31", "3.29", "2.0"]
    # Two steps teach little: `C4` and `|` cost about ln 130 each.
    assert float(rows[0][5]) == pytest.approx(2 * np.log(130), abs=1)
    polyphonic.main(["score", f"{tmp_path}/out/Nottingham/model"])
    assert capsys.readouterr().out.splitlines()[1].split() == rows[0]
    polyphonic.main(["score", f"{tmp_path}/out/Nottingham/model", "--split=test", f"--data={tmp_path}/out/Nottingham"])
    assert capsys.readouterr().out.splitlines()[1].split() == rows[1]


def test_overlaps_are_counted_without_a_model(tmp_path, capsys):
    scipy_io = pytest.importorskip("scipy.io")
    # Of the test pieces one climbs as the training piece does, in another key; one, which falls, begins so.
    climb, fall = range(13), range(26, 13, -1)
    melodies = {"traindata": [climb], "testdata": [[note + 5 for note in climb], [*climb, *fall, *climb[::-1]], fall]}
    cells = {}
    for name in ("traindata", "validdata", "testdata"):
        pieces = melodies.get(name, [])
        cells[name] = np.empty((1, len(pieces)), object)
        cells[name][0, :] = [np.eye(88, dtype=np.uint8)[list(piece)] for piece in pieces]
    scipy_io.savemat(tmp_path / "Nottingham.mat", cells)
    polyphonic.main(["overlap", "Nottingham", f"--paper={tmp_path}"])
    # The second has 12 of its 38 intervals of the training piece: neither half nor below 10 %.
    assert capsys.readouterr().out.splitlines()[1].split() == ["Nottingham", "3", "1", "1"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["prepare", "Nottingham", "--window=0"], "--window 0 must be at least 1"),
        (["prepare", "Nottingham", "--stride=300"], "--stride 300 must be in 1..128"),
        (["prepare", "MuseData"], "give --paper their folder"),
        (["train", "Piano_midi"], "does not exist"),
        (["score", "nowhere"], "does not exist"),
    ],
)
def test_a_wrong_flag_ends_with_one_sentence(command, said, flags, capsys):
    known = [] if command[0] == "score" else flags[1:] if command[0] == "train" else flags
    with pytest.raises(SystemExit) as end:
        polyphonic.main([*command, *known])
    assert end.value.code == 2
    assert said in capsys.readouterr().err
