import datetime
import json
import logging
import os
import subprocess
import sys

import pytest

from nabi.workspace import logs


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """No service's variables."""
    for name in (logs.FORMAT, *logs._SERVICES):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"NABI_LOG_FORMAT": "json"}, True),
        ({"CLOUD_ML_PROJECT_ID": "12345"}, True),
        ({"AIP_MODEL_DIR": "gs://b/model/"}, True),
        ({"K_SERVICE": "nabi"}, True),
        ({"K_SERVICE": "nabi", "NABI_LOG_FORMAT": "plain"}, False),
        ({"AIP_MODEL_DIR": ""}, False),
    ],
)
def test_where_lines_are_json(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert logs.as_json() is expected


def test_at_a_terminal_lines_are_text(monkeypatch):
    monkeypatch.setenv("AIP_MODEL_DIR", "gs://b/model/")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert logs.line("step 3") == "step 3"


def test_a_table_and_a_name_of_any_letters_are_one_line(monkeypatch):
    monkeypatch.setenv(logs.FORMAT, "json")
    written = logs.line('나비\n"2"', "ERROR", seconds=0)
    assert written == '{"severity": "ERROR", "message": "나비\\n\\"2\\"", "timestamp": "1970-01-01T00:00:00+00:00"}'


def test_what_is_said_has_a_severity(monkeypatch, capsys):
    monkeypatch.setenv(logs.FORMAT, "json")
    logs.say("step 3")
    logs.say("warning: it overfits")
    logs.complain("error: no such file")
    out, err = capsys.readouterr()
    said = [json.loads(text) for text in (*out.splitlines(), *err.splitlines())]
    assert [(row["severity"], row["message"]) for row in said] == [
        ("INFO", "step 3"),
        ("WARNING", "warning: it overfits"),
        ("ERROR", "error: no such file"),
    ]
    now = datetime.datetime.now(datetime.UTC)
    assert all(abs(now - datetime.datetime.fromisoformat(row["timestamp"])).total_seconds() < 60 for row in said)


def test_in_text_it_is_what_it_was(capsys):
    logs.say("step 3")
    logs.complain("error: no")
    assert capsys.readouterr() == ("step 3\n", "error: no\n")


def test_log_records_keep_level_time_and_traceback(monkeypatch):
    monkeypatch.setenv(logs.FORMAT, "json")
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("n", logging.WARNING, "f", 1, "%s of %s", (1, 2), sys.exc_info())
    record.created = 60.0
    row = json.loads(logs.Formatter("%(message)s").format(record))
    assert (row["severity"], row["timestamp"]) == ("WARNING", "1970-01-01T00:01:00+00:00")
    assert row["message"].startswith("1 of 2\nTraceback")
    assert row["message"].endswith("ValueError: broken")


@pytest.mark.parametrize("text", ["step 3", "7", '{"a": 1}', "{"])
def test_the_message_of_a_line(monkeypatch, text):
    assert logs.message_of(text) == text
    monkeypatch.setenv(logs.FORMAT, "json")
    assert logs.message_of(logs.line(text)) == text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["pipelines.preprocess", "--input=/none", "--output=/tmp/none"], "preprocess: --input /none matches no file"),
        (["trainer.task", "--data=/none", "--model_dir=/tmp/none"], "error: the dataset /none does not exist"),
        (["generator.generate", "--model=/none", "--output=/tmp/none"], "generate: the model /none does not exist"),
    ],
)
def test_every_job_ends_with_one_object_on_the_cloud(command, said):
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, logs.FORMAT: "json"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    row = json.loads(done.stderr)
    assert row["severity"] == "ERROR"
    assert row["message"].startswith(said)
