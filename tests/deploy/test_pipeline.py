"""The pipeline as it is compiled for the cloud, and as it runs here, in processes, from MIDI files to songs."""

import json
import re

import pytest

from deploy import compiled, pipeline, step
from nabi.workspace import paths, retraining_steps
from nabi.workspace.retraining_steps import STEPS
from tests import builders

pytest.importorskip("kfp", reason="the newest set has no KFP, whose protobuf differs")

IMAGES = {name: f"europe-west4-docker.pkg.dev/my-music/nabi/{name}:1a2b3c4" for name in retraining_steps.IMAGES}
FLAGS = [f"--{name}_image={image}" for name, image in IMAGES.items()]


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
    gpus = ["--accelerator_type=NVIDIA_L4", "--accelerator_count=2"]
    assert pipeline.main([*FLAGS, *gpus, f"--output={path}"]) == 0
    return compiled.read(str(path))


def container(spec, name):
    return spec["deploymentSpec"]["executors"][f"exec-{name}"]["container"]


def resolved(argument, values):
    """An argument as the service writes it into the container's command line."""
    parts = json.loads(argument)["Concat"]
    return "".join(re.sub(r"{{\$\.inputs\.parameters\['(\w+)'\]}}", lambda m: values[m[1]], part) for part in parts)


def test_it_is_what_the_service_reads(spec):
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    message = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    assert message.pipeline_info.name == "nabi"


def test_the_steps_follow_each_other_in_their_images(spec):
    tasks = spec["root"]["dag"]["tasks"]
    assert {name: task.get("dependentTasks", []) for name, task in tasks.items()} == {
        "preprocess": [],
        "train": ["preprocess"],
        "evaluate": ["train"],
        "sample": ["evaluate"],
        "gate": ["sample"],
        "promote": ["gate"],
        "generate": ["promote"],
    }
    assert {name: container(spec, name)["image"] for name in tasks} == {one.name: IMAGES[one.image] for one in STEPS}


def test_nothing_is_cached_and_what_fails_is_started_again(spec):
    for task in spec["root"]["dag"]["tasks"].values():
        assert task["cachingOptions"] == {}
        assert task["retryPolicy"]["maxRetryCount"] == 3


def test_only_what_trains_has_gpus(spec):
    with_gpus = {one.name for one in STEPS if "resources" in container(spec, one.name)}
    assert with_gpus == {"train", "evaluate", "gate"}
    assert container(spec, "train")["resources"]["accelerator"]["resourceType"] == "NVIDIA_L4"
    assert container(spec, "train")["resources"]["accelerator"]["resourceCount"] == "2"


@pytest.mark.parametrize("name", [one.name for one in STEPS])
def test_a_container_runs_the_steps_command(spec, name, monkeypatch, tmp_path):
    ran = []
    (tmp_path / paths.CHAMPION).write_text('{"run": "%s"}' % ("nabi-1" if name == "generate" else "nabi-0"))
    monkeypatch.setattr(step.os, "execv", lambda _, line: ran.append(line))
    values = {"source": "gs://b/midi", "output": str(tmp_path), "run": "", "job": "nabi-1", "more": "--seed=3 --x y"}
    parts = container(spec, name)
    assert parts["command"] == ["python", "-m", "deploy.step", name]
    step.main([*parts["command"][3:], *(resolved(argument, values) for argument in parts["args"])])
    asked = {"source": "gs://b/midi", "output": str(tmp_path), "run": "nabi-1", "more": "--seed=3 --x y"}
    assert ran == [step.command(name, **asked)]


def test_the_run_is_named_by_the_service_unless_a_parameter_names_it(spec):
    parameters = spec["root"]["dag"]["tasks"]["train"]["inputs"]["parameters"]
    assert parameters["job"]["runtimeValue"]["constant"] == "{{$.pipeline_job_name}}"
    assert parameters["run"]["componentInputParameter"] == "run"
    assert compiled.parameters(spec, ["source=gs://b/midi", "output=gs://b/out"]).keys() == {"source", "output"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--train_image=europe-docker.pkg.dev/p/nabi/train:latest"], "must be pinned"),
        (["--accelerator_type=T4", "--accelerator_count=1"], "--accelerator_type T4 must be one of"),
        (["--accelerator_type=NVIDIA_L4"], "--accelerator_count 0 go together"),
        (["--accelerator_count=2"], "--accelerator_type none and --accelerator_count 2 go together"),
    ],
)
def test_wrong_flags_end_with_one_sentence(tmp_path, capsys, flags, said):
    assert pipeline.main([*FLAGS, *flags, f"--output={tmp_path}/pipeline.yaml"]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_here_it_runs_from_midi_files_to_songs(tmp_path, capfd):
    from kfp import local

    (tmp_path / "music").mkdir()
    for index in range(8):
        (tmp_path / "music" / f"{index}.mid").write_bytes(builders.scale(12, 48 + index))
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(tmp_path / "root"))
    pipeline.define(pipeline.here(), {})(
        source=str(tmp_path / "music"),
        output=str(tmp_path / "out"),
        preprocess_flags="--split=.6,.2,.2 --window=16",
        train_flags="--steps=2 --units=8 --embedding=8 --layers=1 --batch_size=4",
        generate_flags="--num_songs=1 --max_tokens=20 --audio=none",
    )
    (run,) = (tmp_path / "out" / paths.RUNS).iterdir()
    marks = [json.loads((run / name / paths.COMPLETED).read_text()) for name in ("dataset", "model", "songs")]
    assert len({mark["content"] for mark in marks}) == 1
    # The first one has no champion to beat, and is judged by itself.
    assert json.loads((tmp_path / "out" / paths.CHAMPION).read_text())["run"] == run.name
    assert paths.read_json(f"{run}/{paths.GATE}/{paths.DECISION}")["champion"] == ""
    assert "The first champion" in capfd.readouterr().out
