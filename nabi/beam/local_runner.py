"""Beam's local runner, with worker processes that end with the job."""

from typing import Any

from apache_beam.portability import python_urns
from apache_beam.runners.portability.fn_api_runner import fn_runner

from nabi.beam import worker


class LocalRunner(fn_runner.FnApiRunner):
    """Runs pipelines in this process, or in worker processes that end with it and leave Ctrl-C to it."""

    def run_via_runner_api(self, pipeline_proto: Any, options: Any) -> Any:
        """Runs a pipeline, starting its worker processes by `worker.command`."""
        for environment in pipeline_proto.components.environments.values():
            if environment.urn == python_urns.SUBPROCESS_SDK:
                environment.payload = worker.command().encode()
        return super().run_via_runner_api(pipeline_proto, options)
