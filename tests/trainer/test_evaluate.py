"""The command as a user runs it, on a model of a few steps."""

import pathlib
import shutil
import subprocess
import sys

import pytest

from nabi.workspace import paths
from tests.trainer import datasets
from trainer import evaluate, task

pytestmark = pytest.mark.slow

SONGS = {
    "train": datasets.melodies(12),
    "validation": datasets.melodies(3, seed=1),
    "test": datasets.melodies(2, seed=2),
}
FLAGS = [
    "--steps", "4", "--batch_size", "4", "--units", "8", "--embedding", "4", "--layers", "1", "--evaluate_every", "2",
    "--log_every", "1",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    """Has `data` and a `model` trained on it."""
    folder = tmp_path_factory.mktemp("evaluate")
    datasets.build(folder / "data", SONGS, datasets.Recipe(window=6, stride=3))
    assert task.main(["--data", f"{folder}/data", "--model_dir", f"{folder}/model", *FLAGS]) == 0
    return folder


def command(folder, *more: str, data: str = "data", model: str = "model") -> list[str]:
    return ["--model", f"{folder}/{model}", "--data", f"{folder}/{data}", *more]


def refusal(capsys, *argv: str) -> str:
    assert evaluate.main([*argv]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_page_figures_and_scalars(folder, tmp_path, capsys):
    before = {path.name for path in (folder / "model").iterdir()}
    assert evaluate.main(command(folder, "--output", str(tmp_path))) == 0
    assert evaluate.main(command(folder, "--output", str(tmp_path))) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "evaluation-test.html", "evaluation-test.json", "tensorboard",
    }  # fmt: skip
    assert len(list((tmp_path / "tensorboard/evaluation-test").iterdir())) == 1
    assert {path.name for path in (folder / "model").iterdir()} == before
    said = capsys.readouterr().out
    assert "warning: The model loses to the bigram in test: " in said
    assert said.endswith(f"{tmp_path}/evaluation-test.html\n")
    assert "The model loses to the bigram in test" in (tmp_path / "evaluation-test.html").read_text()


def test_figures_are_those_of_the_training(folder, tmp_path):
    found = evaluate.run(**folders(folder), split="validation", output=str(tmp_path))
    assert paths.read_json(f"{tmp_path}/evaluation-validation.json") == found
    metrics = paths.read_json(f"{folder}/model/metrics.json")
    for split in ("train", "validation", "test"):
        assert found["splits"][split] == pytest.approx(metrics[split])
    assert (found["baselines"], found["measured"]) == (metrics["baselines"], metrics["measured"])
    assert (found["step"], found["same_data"]) == (metrics["best_step"], True)
    detail = found["detail"]
    assert detail["model"]["nats_per_token"] == pytest.approx(metrics["validation"]["loss_nats"])
    assert detail["top_1"] == pytest.approx(metrics["validation"]["accuracy"])
    for name, rates in detail["baselines"].items():
        assert rates["nats_per_token"] == pytest.approx(metrics["baselines"]["validation"][name])
    # 3 songs of 20 notes, half a quarter each: 10 quarters a song are 5 s; <start> and <end> around.
    assert (detail["songs"], detail["tokens"], detail["notes"], detail["seconds"]) == (3, 63, 60, 15)
    assert {row["kind"]: row["tokens"] for row in detail["by_kind"]} == {"note": 60, "end": 3}
    assert sum(row["tokens"] for row in detail["by_position_in_window"]) == 63


def folders(folder) -> dict[str, str]:
    return {"model": f"{folder}/model", "data": f"{folder}/data"}


def test_a_model_of_last_tokens(tmp_path):
    songs = {"train": datasets.melodies(4), "test": [[4, 5, 6, 7, 8, 9, 4, 5, 6]]}
    datasets.build(tmp_path / "data", songs, datasets.Recipe(window=4, stride=1, song_marks=False))
    argv = ["--data", f"{tmp_path}/data", "--model_dir", f"{tmp_path}/model", "--target", "last", *FLAGS]
    assert task.main(argv) == 0
    found = evaluate.run(**folders(tmp_path))
    assert (found["detail"]["tokens"], found["detail"]["songs"], found["detail"]["notes"]) == (2, 1, 9)
    assert [row["first"] for row in found["detail"]["by_position_in_song"]] == [4, 8]
    # Of 8 known targets in 4.5 quarters; only 2 were scored.
    rates = found["detail"]["model"]
    assert rates["nats_per_second"] == pytest.approx(rates["nats_per_token"] * 8 / 2.25)
    datasets.build(tmp_path / "wide", songs, datasets.Recipe(window=5, stride=1, song_marks=False))
    assert evaluate.main(command(tmp_path, data="wide")) == 2


def test_another_vocabulary(folder, capsys):
    datasets.build(folder / "other", SONGS, datasets.Recipe(tokens=7, window=6))
    error = refusal(capsys, *command(folder, data="other"))
    assert f"the dataset {folder}/other has the vocabulary " in error
    assert f"(on {folder}/data): give that --data" in error


def test_another_meaning_of_the_same_ids(folder, capsys):
    datasets.build(folder / "unmarked", SONGS, datasets.Recipe(window=6, song_marks=False))
    assert "was made with song_marks False, but the model" in refusal(capsys, *command(folder, data="unmarked"))


def test_another_dataset_of_the_same_vocabulary_is_told(folder, tmp_path):
    datasets.build(folder / "more", SONGS, datasets.Recipe(window=6), content="d")
    found = evaluate.run(model=f"{folder}/model", data=f"{folder}/more", output=str(tmp_path))
    assert found["same_data"] is False
    assert "another dataset of the same vocabulary" in (tmp_path / "evaluation-test.html").read_text()


def test_unfinished_directories(folder, tmp_path, capsys):
    assert "the model /nowhere does not exist, or is empty: run `" in refusal(
        capsys, "--model", "/nowhere", "--data", f"{folder}/data"
    )
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / paths.CONFIG).write_text("{}")
    assert "is not finished: run `" in refusal(capsys, "--model", f"{tmp_path}/model", "--data", f"{folder}/data")
    assert "the dataset /nowhere does not exist" in refusal(capsys, "--model", f"{folder}/model", "--data", "/nowhere")


def test_split_without_songs(folder, capsys):
    datasets.build(folder / "untested", {**SONGS, "test": []}, datasets.Recipe(window=6))
    error = refusal(capsys, *command(folder, data="untested"))
    assert "has no song in its test split: give --split validation" in error


def test_help_and_refusals_need_no_tensorflow(folder):
    script = "import sys; from trainer import evaluate; code = evaluate.main(sys.argv[1:])"
    argv = [sys.executable, "-c", f"{script}; sys.exit(code + 10 * ('tensorflow' in sys.modules))"]
    assert subprocess.run([*argv, *command(folder, data="nothing")], capture_output=True).returncode == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("COMPLETED", b"{}", "COMPLETED has no 'request', 'content'"),
        ("config.json", b"[]", "config.json has no 'vocabulary'"),
        ("config.json", b"\xff", "config.json"),
        ("metrics.json", b"{}", "metrics.json has no 'best_step'"),
        ("history.csv", b"step\nx\n", "history.csv is not a table of numbers with the columns step, epoch"),
        ("history.csv", b"a,b\n1,2\n", "history.csv is not a table of numbers"),
        ("vocabulary.json", b"3", "vocabulary.json is damaged"),
        ("vocabulary.json", b"\xff", "vocabulary.json: it is no UTF-8 text"),
        ("model.keras", None, "model.keras is not a model that Keras can load"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, folder, capsys, name, content, said):
    copy = tmp_path / "model"
    shutil.copytree(folder / "model", copy)
    if content is None:
        content = bytearray((copy / name).read_bytes())
        content[len(content) // 2] ^= 255
    (copy / name).write_bytes(content)
    assert said in refusal(capsys, "--model", str(copy), "--data", f"{folder}/data")
