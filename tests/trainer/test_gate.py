"""The gate on real directories: two small models, one of a dataset that grew."""

import dataclasses
import random
import types

import numpy as np
import pytest

from generator import generate
from nabi.music.vocabulary import UNKNOWN, Vocabulary
from nabi.networks import trained_model
from nabi.workspace import paths
from pipelines import preprocess
from tests import builders
from tests.builders import note
from trainer import gate, task
from trainer.data import batches
from trainer.data.dataset import open_dataset
from trainer.judging import gate_scores

pytestmark = pytest.mark.slow

SMALL = ["--units=16", "--embedding=8", "--layers=1", "--batch_size=8", "--early_stopping=0", "--dropout=0"]


def melody(seed):
    """A walk up and down a scale."""
    walk, at = random.Random(seed), 60
    events = []
    for beat in range(40):
        at = min(max(at + walk.choice((-2, -1, 1, 2)), 48), 72)
        events += note(240 * beat, 240 * beat + 240, at)
    return builders.midi(events)


def made(folder, songs, steps):
    """A run's dataset, model and songs."""
    music = folder / "music"
    music.mkdir(parents=True)
    for seed in range(songs):
        (music / f"{seed}.mid").write_bytes(melody(seed))
    data, model, out = (str(folder / name) for name in ("dataset", "model", "gate-songs"))
    preprocess.main(["--input", str(music), "--output", data, "--window=32", "--split=0.4,0.3,0.3"])
    assert task.main(["--data", data, "--model_dir", model, f"--steps={steps}", "--learning_rate=0.01", *SMALL]) == 0
    generate.main(["--model", model, "--output", out, "--num_songs=4", "--max_tokens=60", "--audio=none"])
    return folder


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    return made(tmp_path_factory.mktemp("gate") / "old", songs=20, steps=3)


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return made(tmp_path_factory.mktemp("gate") / "new", songs=40, steps=80)


def judge(challenger, champion, output, *flags):
    status = gate.main(
        [
            f"--model={challenger}/model", f"--data={challenger}/dataset", f"--songs={challenger}/gate-songs",
            f"--champion={champion}/model", f"--champion_data={champion}/dataset",
            f"--champion_songs={champion}/gate-songs", f"--output={output}", *flags,
        ]
    )  # fmt: skip
    assert status == 0
    return paths.read_json(str(output / paths.DECISION))


LENIENT = ("--min_gate_songs=2", "--max_copied_share=1", "--max_loop_rate=1", "--min_likeness=0")


def verdicts(decision):
    return {check["name"]: check["passed"] for check in decision["checks"]}


def test_a_better_model_passes_and_a_worse_one_does_not(old, new, tmp_path):
    better = verdicts(judge(new, old, tmp_path / "a", *LENIENT))
    assert better["loss against the champion"]
    worse = judge(old, new, tmp_path / "b", *LENIENT)
    assert not verdicts(worse)["loss against the champion"]
    assert not worse["promote"]
    assert "how the songs hold together" in better
    assert any(reason.startswith("loss against the champion") for reason in worse["reasons"])


def test_too_few_songs_promote_nothing(old, new, tmp_path):
    decision = judge(new, old, tmp_path, "--min_gate_songs=1000")
    assert (decision["promote"], verdicts(decision)["songs to judge by"]) == (False, False)


def test_the_songs_that_judge_are_of_the_test_split_and_were_not_heard(old, new, tmp_path):
    decision = judge(new, old, tmp_path, *LENIENT)
    splits = {folder: {row["sha256"]: row["split"] for row in rows(folder)} for folder in (old, new)}
    expected = [
        song for song, split in splits[new].items()
        if split == "test" and splits[old].get(song) not in ("train", "validation")
    ]  # fmt: skip
    assert decision["songs_to_judge_by"] == len(expected) > 0


def test_what_an_ancestor_of_either_model_was_trained_on_is_not_asked_about(new, tmp_path):
    data = f"{new}/dataset"
    held_out = [row for row in rows(new) if row["split"] == "test"]
    # The models before had one song each in training: the challenger's the first, the champion's the second.
    for index, name in enumerate(("model", "champion/model")):
        before = f"{tmp_path}/before{index}"
        songs = [{**row, "split": "train" if row is held_out[index] else "test"} for row in held_out]
        paths.write_rows(f"{before}/dataset/{paths.rows_name(paths.LEDGER, 0, 1)}", songs)
        paths.write_json(f"{before}/model/{paths.CONFIG}", {"data": f"{before}/dataset"})
        for place in ("dataset", "model"):
            paths.complete(f"{before}/{place}", {"request": "b", "content": "b"})
        paths.write_json(f"{tmp_path}/{name}/{paths.CONFIG}", {"warm_started_from": f"{before}/model"})
    paths.write_rows(f"{tmp_path}/champion/dataset/{paths.rows_name(paths.LEDGER, 0, 1)}", held_out)
    contestants = gate.Contestants(
        f"{tmp_path}/model", data, "", f"{tmp_path}/champion/model", f"{tmp_path}/champion/dataset", ""
    )
    asked = gate.judging_songs(contestants, trained_model.load(f"{new}/model"))
    assert len(asked) == len(held_out) - 2 > 0


def test_songs_are_asked_for_whole_though_the_challenger_does_not_know_all_of_their_tokens(new, tmp_path):
    data = str(tmp_path / "dataset")
    flags = ["--encoding=pitch-duration", "--max_vocabulary=3", "--window=32", "--split=0.4,0.3,0.3", "--keep_songs"]
    preprocess.main(["--input", f"{new}/music", "--output", data, *flags])
    dataset = open_dataset(data)
    challenger = types.SimpleNamespace(encoding=dataset.encoding, vocabulary=dataset.vocabulary, config={})
    paths.write_json(f"{tmp_path}/model/{paths.CONFIG}", {"warm_started_from": None})
    contestants = gate.Contestants(f"{tmp_path}/model", data, "", f"{tmp_path}/model", data, "")
    # Every melody has 40 notes.
    assert [len(song) for song in gate.judging_songs(contestants, challenger)] == [40] * dataset.counts["test"]["songs"]


def rows(folder):
    return [row for path in paths.rows_paths(f"{folder}/dataset", paths.LEDGER) for row in paths.read_rows(path)]


def test_the_drift_tells_what_is_new(old, new, tmp_path):
    drift = judge(new, old, tmp_path, *LENIENT)["drift"]
    # The folders are others, but 20 of the files are the same songs.
    assert drift["files"] == {"new": 20, "gone": 0, "changed": 0, "same": 20}
    assert drift["songs"] == [20, 40]
    assert 0 < drift["overlaps"]["pitches"] <= 1
    assert "Files: 20 new" in (tmp_path / paths.DECISION_PAGE).read_text()


def test_a_models_nats_are_those_of_its_evaluation(new):
    model = trained_model.load(f"{new}/model")
    songs = [
        model.encoding.decode(model.vocabulary.decode(ids.tolist()))
        for _, ids in batches.read_songs(open_dataset(f"{new}/dataset"), "test")
    ]
    score = paths.read_json(f"{new}/model/{paths.METRICS}")["test"]
    nats = gate_scores.nats_of_songs(model, songs)
    assert nats.shape == (len(songs),)
    assert nats.sum() == pytest.approx(score["loss_nats"] * score["tokens"], rel=1e-4)


def test_an_unknown_token_costs_as_much_as_any(new):
    model = trained_model.load(f"{new}/model")
    tokens = tuple("unheard" if token == "C4" else token for token in model.vocabulary.tokens)
    forgetful = dataclasses.replace(model, vocabulary=Vocabulary(tokens, model.vocabulary.counts))
    song = builders.song((0, 12, 60), (12, 12, 62))
    assert UNKNOWN in gate_scores.ids_of(forgetful, song)
    (known,), (unknown,) = (gate_scores.nats_of_songs(one, [song]) for one in (model, forgetful))
    # The other tokens cost about as much after `<unk>`; the unknown one costs the log of 4 + all tokens.
    assert np.log(len(tokens)) < unknown < known + np.log(len(tokens)) + 5


def test_models_of_other_encodings_do_not_compare(new):
    model = trained_model.load(f"{new}/model")
    other = trained_model.TrainedModel(
        model.model, model.vocabulary, model.encoding,
        {**model.config, "dataset": {**model.config["dataset"], "encoding": {"name": "grid"}}}, model.marks,
    )  # fmt: skip
    assert "encoding" in gate_scores.comparable(model, other)
    assert gate_scores.comparable(model, model) == ""


def test_a_first_model_is_judged_by_itself_and_is_the_champion_though_it_fails(old, tmp_path, capsys):
    first = [f"--model={old}/model", f"--data={old}/dataset", f"--songs={old}/gate-songs"]
    assert gate.main([*first, f"--output={tmp_path}/a", "--max_copied_share=1", "--max_loop_rate=1"]) == 0
    decision = paths.read_json(f"{tmp_path}/a/{paths.DECISION}")
    # Of 3 steps: it has not learnt what counting knows.
    assert (decision["promote"], decision["passed"], decision["champion"]) == (True, False, "")
    assert list(verdicts(decision)) == [
        "loss against counting", "copied share", "loop rate", "likeness to the training songs",
    ]  # fmt: skip
    assert any(reason.startswith("loss against counting") for reason in decision["reasons"])
    assert "The first champion, although checks failed" in capsys.readouterr().out
    assert "There is no champion to compare with" in (tmp_path / "a" / paths.DECISION_PAGE).read_text()
    assert gate.main([*first, f"--output={tmp_path}/b", "--first_must_pass"]) == 0
    assert paths.read_json(f"{tmp_path}/b/{paths.DECISION}")["promote"] is False


def test_a_champion_without_its_dataset_is_told(old, tmp_path, capsys):
    flags = [f"--model={old}", f"--data={old}", f"--songs={old}", f"--champion={old}", f"--output={tmp_path}"]
    assert gate.main(flags) == 2
    assert "--champion, --champion_data and --champion_songs go together" in capsys.readouterr().err


def test_an_unfinished_directory_is_refused(old, new, tmp_path, capsys):
    status = gate.main(
        [
            f"--model={tmp_path}", f"--data={new}/dataset", f"--songs={new}/gate-songs", f"--champion={old}/model",
            f"--champion_data={old}/dataset", f"--champion_songs={old}/gate-songs", f"--output={tmp_path / 'out'}",
        ]
    )  # fmt: skip
    assert status == 2
    assert "does not exist, or is empty" in capsys.readouterr().err
