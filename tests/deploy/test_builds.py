"""The build of the cloud and the workflow: of the services' own schemas, and naming only what is there."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from deploy import pipeline
from nabi.workspace.retraining_steps import IMAGES

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "cloudbuild.yaml").read_text()
BUILD = yaml.safe_load(TEXT)
STEPS = {row["id"]: row for row in BUILD["steps"]}
# What Cloud Build itself gives a value:
# https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
BUILT_IN = {"PROJECT_ID", "SHORT_SHA", "TAG_NAME"}


def texts(value):
    """All text in a YAML value; comments are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def before(name):
    """All steps that have passed when one begins."""
    waits = STEPS[name].get("waitFor", [])
    return set(waits).union(*(before(one) for one in waits))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.cloudbuild", "cloudbuild.yaml"), ("vendor.github-workflows", ".github/workflows/test.yml")],
)
def test_it_is_of_its_services_schema(schema, file):
    pytest.importorskip("check_jsonschema", reason="the newest set has not the services' schemas")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_a_build_of_the_service():
    from google.cloud.devtools import cloudbuild_v1

    build = cloudbuild_v1.Build.from_json(json.dumps(BUILD))
    assert len(build.steps) == len(STEPS) == len(BUILD["steps"])


def test_substitutions_are_given_and_used():
    used = {name for text in texts(BUILD) for name in re.findall(r"(?<!\$)\$\{?([A-Z_]+)\}?", text)}
    own = set(BUILD["substitutions"])
    assert used - own == BUILT_IN
    assert own <= used


def test_steps_wait_for_steps_before_them():
    names = list(STEPS)
    for index, name in enumerate(names):
        waits = STEPS[name].get("waitFor", [])
        assert set(waits) <= set(names[:index]), name
        assert waits or name == "test"


def test_the_files_that_steps_name_are_there():
    words = [word.rpartition("=")[2] for row in BUILD["steps"] for text in texts(row) for word in text.split()]
    files = {word for word in words if re.match(r"(deploy/|\.ci/)", word)}
    assert {"deploy/scan.sh", "deploy/train/Dockerfile", "deploy/dataflow/preprocess.json", ".ci/run"} <= files
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert os.access(ROOT / "deploy/scan.sh", os.X_OK)


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_tested_built_scanned_and_then_pushed(image):
    reference = f"${{_IMAGES}}/{image}:${{SHORT_SHA}}"
    assert reference in BUILD["images"]
    assert reference in STEPS[f"push-{image}"]["args"]
    assert f"--tag={reference}" in STEPS[f"build-{image}"]["args"]
    assert reference in STEPS[f"scan-{image}"]["args"]
    # No image is published if another has failed.
    assert {"test", *(f"scan-{name}" for name in IMAGES)} <= before(f"push-{image}")


def test_every_step_and_the_build_end_at_a_time():
    seconds = {name: int(row["timeout"].removesuffix("s")) for name, row in STEPS.items()}
    assert max(seconds.values()) < int(BUILD["timeout"].removesuffix("s"))


def test_the_pipeline_is_compiled_with_flags_that_it_has(tmp_path):
    pytest.importorskip("kfp", reason="the newest set has no KFP, whose protobuf differs")
    values = {"_IMAGES": "europe-west4-docker.pkg.dev/my-music/nabi", "SHORT_SHA": "1a2b3c4"}
    row = STEPS["pipeline"]
    assert row["args"][:3] == ["-m", "deploy.pipeline", "--output=pipeline.yaml"]
    flags = [re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text) for text in row["args"][3:]]
    assert pipeline.main([*flags, f"--output={tmp_path / 'pipeline.yaml'}"]) == 0
    assert f"{values['_IMAGES']}/train:1a2b3c4" in (tmp_path / "pipeline.yaml").read_text()


@pytest.fixture
def gcloud(tmp_path):
    """A gcloud that writes down how it was called, and finds vulnerabilities."""

    def install(*found):
        lines = "\n".join(found)
        script = f"""#!/bin/sh
echo "$@" >> {tmp_path}/calls
case "$4" in
  scan) echo projects/my-music/locations/europe/scans/1 ;;
  list-vulnerabilities) echo '{lines}' ;;
esac
"""
        (tmp_path / "gcloud").write_text(script)
        (tmp_path / "gcloud").chmod(0o755)
        return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    return install


@pytest.mark.slow
@pytest.mark.parametrize(
    ("found", "status"),
    [(["HIGH\ta hole"], 0), ([], 0), (["HIGH\ta hole", "CRITICAL\ta gate", "CRITICAL\ta door"], 1)],
)
def test_a_scan_fails_for_what_is_critical(gcloud, tmp_path, found, status):
    command = [ROOT / "deploy/scan.sh", "image:1", "europe"]
    done = subprocess.run(command, env=gcloud(*found), capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert ("image:1 has 2 critical vulnerabilities" in done.stderr) is bool(status)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[3] for call in calls] == ["scan", "list-vulnerabilities"]
    assert "image:1" in calls[0].split()
    assert "projects/my-music/locations/europe/scans/1" in calls[1].split()


@pytest.mark.slow
def test_a_scan_that_cannot_run_fails(tmp_path):
    (tmp_path / "gcloud").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "gcloud").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert subprocess.run([ROOT / "deploy/scan.sh", "image:1", "europe"], env=env, check=False).returncode


@pytest.mark.slow
@pytest.mark.parametrize(("tag", "calls"), [("", 0), ("v1.2", 3)])
def test_only_a_git_tag_is_a_release(gcloud, tmp_path, tag, calls):
    values = {"TAG_NAME": tag, "SHORT_SHA": "1a2b3c4", "_IMAGES": "registry/nabi"}
    script = re.sub(r"(?<!\$)\$\{(\w+)\}", lambda found: values[found[1]], STEPS["release"]["args"][1])
    env = gcloud()
    subprocess.run(["bash", "-c", script.replace("$$", "$")], env=env, check=True)
    log = tmp_path / "calls"
    lines = log.read_text().splitlines() if log.exists() else []
    assert len(lines) == calls
    assert all(line.endswith(f":1a2b3c4 {line.split()[-1]}") for line in lines)
    assert {line.split()[-1] for line in lines} <= {f"registry/nabi/{image}:{tag}" for image in IMAGES}


def test_the_workflow_runs_make_test_on_the_pythons_of_setup():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    job = workflow["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert 'python_requires=">=3.11,<3.14"' in (ROOT / "setup.py").read_text()
    assert any(row.get("run", "").startswith("make test") for row in job["steps"])
    assert json.dumps(workflow["permissions"]) == '{"contents": "read"}'
