"""The Dataflow service in a thread: takes jobs, runs what was staged for them in the bucket, reports how they end."""

import http.server
import json
import logging
import threading
import urllib.parse
from typing import Any

# Here and not in the threads of the jobs: modules of Beam import one another in a circle, which one thread at a time
# can walk.
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.pipeline_context import PipelineContext
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment
from google.cloud import dataflow_v1beta3
from google.protobuf import json_format

from nabi.workspace import storage
from tests.cloud.metadata import PROJECT

_NO_LIST = {"/messages": {"jobMessages": []}, "/metrics": {"metrics": []}}


class Dataflow:
    """The service on a port of its own, as a context; runs one job at a time, in this process.

    Attributes:
      jobs: the requests, in their order.
      regions: of each, from the address.
    """

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.regions: list[str] = []
        self.states: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        # Beam talks JSON to a service of this name only.
        self.address = f"http://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> "Dataflow":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def submit(self, job: dict[str, Any], region: str) -> dict[str, Any]:
        """Starts a job and says what the service says of it."""
        self.jobs.append(job)
        self.regions.append(region)
        self.states.append("JOB_STATE_RUNNING")
        number = len(self.jobs) - 1
        threading.Thread(target=self._run, args=(number,), daemon=True).start()
        return {**job, **self.describe(number)}

    def _run(self, number: int) -> None:
        try:
            run_staged(staged_pipeline(self.jobs[number]))
        except Exception:  # The service says FAILED whatever a job dies of.
            logging.exception("job %d", number)
            self.states[number] = "JOB_STATE_FAILED"
        else:
            self.states[number] = "JOB_STATE_DONE"

    def describe(self, number: int) -> dict[str, Any]:
        """A job as the service describes it."""
        return {
            "id": str(number),
            "name": self.jobs[number]["name"],
            "projectId": PROJECT,
            "location": self.regions[number],
            "type": "JOB_TYPE_BATCH",
            "currentState": self.states[number],
            "currentStateTime": "2026-01-01T00:00:00Z",
            "createTime": "2026-01-01T00:00:00Z",
        }

    def _handler(self, *arguments: Any) -> "_Handler":
        return _Handler(self, *arguments)


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, service: Dataflow, *arguments: Any) -> None:
        self._service = service
        super().__init__(*arguments)

    def do_POST(self) -> None:
        job = named(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        region = urllib.parse.urlparse(self.path).path.split("/locations/")[1].split("/")[0]
        self._send(self._service.submit(job, region))

    def do_GET(self) -> None:
        of_jobs = urllib.parse.urlparse(self.path).path.split("/jobs/")[1]
        number, slash, more = of_jobs.partition("/")
        self._send(_NO_LIST[slash + more] if more else self._service.describe(int(number)))

    def _send(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def named(job: dict[str, Any]) -> dict[str, Any]:
    """Reads a job as the service does, which takes the values of enumerations as names and as numbers."""
    message = json_format.ParseDict(job, dataflow_v1beta3.Job.pb()())
    return json_format.MessageToDict(message)


def staged_pipeline(job: dict[str, Any]) -> str:
    """Where in the bucket a job's graph lies."""
    return str(job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"])


def run_staged(path: str) -> None:
    """Runs a staged graph to its end, with a worker in this process in place of the one that it names."""
    pipeline = beam_runner_api_pb2.Pipeline.FromString(storage.read_bytes(path))
    here = EmbeddedPythonEnvironment.default().to_runner_api(PipelineContext())
    for environment in pipeline.components.environments.values():
        environment.CopyFrom(here)
    FnApiRunner().run_via_runner_api(pipeline, PipelineOptions([])).wait_until_finish()
