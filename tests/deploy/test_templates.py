"""The Dataflow templates' parameters are the jobs' flags; `python -m tests.deploy.test_templates` writes them."""

import json
import pathlib
import subprocess
import sys

import pytest

from deploy import templates
from deploy.dataflow import launch
from generator import generate
from nabi.beam.options import beam_options
from pipelines import preprocess
from pipelines.preprocessing import flags

FOLDER = pathlib.Path(__file__).parents[2] / "deploy" / "dataflow"
# What Dataflow's launcher adds to a template's own parameters.
OF_THE_SERVICE = [
    "--runner=DataflowRunner",
    "--project=my-music",
    "--region=europe-west4",
    "--job_name=nabi",
    "--staging_location=gs://my-music/staging",
    "--temp_location=gs://my-music/temp",
    "--template_location=gs://my-music/staging/template",
    "--sdk_container_image=europe-west4-docker.pkg.dev/my-music/nabi/preprocess:1",
    "--service_account_email=work@my-music.iam.gserviceaccount.com",
    "--machine_type=n2-standard-4",
    "--num_workers=2",
    "--max_num_workers=20",
    "--subnetwork=regions/europe-west4/subnetworks/music",
    "--no_use_public_ips",
    "--dataflow_service_options=worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver",
    "--experiments=use_runner_v2",
    "--labels=team=music",
]


def described():
    about = "Reads MIDI files into tokens, builds a vocabulary, and writes windows as TFRecords"
    return {
        "preprocess": templates.describe(flags.parser(), "Nabi: MIDI files to a dataset", about),
        "generate": templates.describe(generate.parser(), "Nabi: a model to songs", "Samples songs of a trained model"),
    }


def on_file(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["preprocess", "generate"])
def test_a_templates_parameters_are_the_jobs_flags(name):
    assert on_file(name) == described()[name], "the flags have changed: run `make templates`"


@pytest.mark.parametrize("name", ["preprocess", "generate"])
def test_the_service_reads_them(name):
    from google.cloud import dataflow_v1beta3
    from google.protobuf import json_format

    message = dataflow_v1beta3.TemplateMetadata()
    json_format.ParseDict(on_file(name), message._pb)
    assert {"output"} < {row.name for row in message.parameters if not row.is_optional}


def test_what_the_launcher_says_is_what_preprocess_understands():
    given = ["--input=gs://my-music/midi", "--output=gs://my-music/data", "--song_marks=false", "--overwrite=true"]
    parameters = on_file("preprocess")["parameters"]
    chosen, config, beam_flags = preprocess.parse(
        launch.flags([*given, "--window=64", "--recipe=", *OF_THE_SERVICE], parameters)
    )
    assert (config.song_marks, config.window, chosen.overwrite) == (False, 64, True)
    assert beam_options(beam_flags).get_all_options()["max_num_workers"] == 20


def test_what_the_launcher_says_is_what_generate_understands():
    # Of a model that is not there nothing is remembered.
    given = ["--model=no-model", "--output=gs://b/s", "--ended=true", "--explain=false", "--primer_transpose=false"]
    line = launch.flags([*given, "--num_songs=9", *OF_THE_SERVICE], on_file("generate")["parameters"])
    _, config, beam_flags = generate.parse(line)
    assert (config.ended, config.explain, config.primer_transpose, config.num_songs) == (True, False, False, 9)
    assert beam_options(beam_flags).get_all_options()["project"] == "my-music"


def test_the_launcher_starts_a_module_with_its_flags(tmp_path):
    (tmp_path / "shown.py").write_text("import sys\nprint(__name__, sys.argv[1:])\n")
    (tmp_path / "p.json").write_text(json.dumps(on_file("generate")))
    done = subprocess.run(
        [sys.executable, FOLDER / "launch.py", "--explain=true", "--ended=false", "--model=a=b"],
        env={"NABI_MODULE": "shown", "NABI_PARAMETERS": str(tmp_path / "p.json"), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "__main__ ['--explain', '--no-ended', '--model=a=b']\n"


if __name__ == "__main__":
    for file, content in described().items():
        (FOLDER / f"{file}.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
