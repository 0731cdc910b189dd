"""Starts a Python worker where an engine asks for a process (`--environment_type=PROCESS`).

What the boot program of Beam's containers does, without installing anything: the worker is this environment.
"""

import argparse
import json
import os

import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
from google.protobuf import json_format, text_format


def main() -> None:
    """Asks the engine where its services are, and becomes the worker."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in ("--id", "--provision_endpoint"):
        parser.add_argument(flag, required=True)
    given = parser.parse_known_args()[0]
    info = provision(given.provision_endpoint, given.id)
    os.environ.update(
        WORKER_ID=given.id,
        PIPELINE_OPTIONS=json.dumps(json_format.MessageToDict(info.pipeline_options)),
        LOGGING_API_SERVICE_DESCRIPTOR=text_format.MessageToString(info.logging_endpoint),
        CONTROL_API_SERVICE_DESCRIPTOR=text_format.MessageToString(info.control_endpoint),
        RUNNER_CAPABILITIES=" ".join(info.runner_capabilities),
    )
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main([])


def provision(endpoint: str, worker: str) -> beam_provision_api_pb2.ProvisionInfo:
    """What the engine tells a worker."""
    with grpc.insecure_channel(endpoint) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        return service.GetProvisionInfo(request, metadata=[("worker_id", worker)], timeout=60).info


if __name__ == "__main__":
    main()
