"""Options of Beam: the engine that runs a pipeline, its processes and its log, the same for both jobs on Beam."""

import argparse
import logging
import os
import socket
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nabi.beam import local_import
from nabi.workspace import logs
from nabi.workspace.commands import unknown_flag
from nabi.workspace.cpu import cores

if TYPE_CHECKING:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

# Beam's DirectRunner downloads Prism where there is a network and falls back to FnApiRunner where there is none;
# naming the latter makes errors, workers and counters the same in both.
LOCAL_RUNNER = "FnApiRunner"
_LOCAL_NAMES = ("DirectRunner", "direct", "", None)
# A job server answers within this time, or is taken to be missing.
_SERVER_SECONDS = 10


def quiet() -> None:
    """Logs a job's own lines to the terminal, and only warnings or errors of Beam's, Google's and TensorFlow's."""
    logs.start()
    hush_imports()
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    # A worker prints the traceback of its error, logs it, and raises it again where the pipeline runs: once is enough.
    for name in ("worker.sdk_worker", "common"):
        logging.getLogger(f"apache_beam.runners.{name}").setLevel(logging.CRITICAL)
    # In workers too.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow warns if functions are compiled one after another, as those of a search's trials are.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def hush_imports() -> None:
    """Silences the warnings of Beam and Google's packages when this process imports them."""
    ignore_checksum_remark()
    # Google's packages announce the end of Python versions, years ahead.
    warnings.filterwarnings("ignore", category=FutureWarning)


def ignore_checksum_remark() -> None:
    """Silences Beam's message at import, through the root logger, about a missing checksum package."""
    logging.getLogger().addFilter(lambda record: "crcmod package not found" not in str(record.msg))


def beam_options(flags: Sequence[str], others: Sequence[str] = ()) -> "PipelineOptions":
    """Parses Beam's options.

    Args:
      flags: the flags that the job itself does not know, such as `--runner=DirectRunner`.
      others: names of the job's own flags, for "did you mean".

    Raises:
      ValueError: if Beam does not know a flag either.
    """
    if names_no_engine(flags):
        local_import.import_beam("apache_beam.runners.portability.fn_api_runner.fn_runner")
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions, WorkerOptions

    from nabi.beam.local_options import LocalOptions

    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for options_class in dict.fromkeys(PipelineOptions.__subclasses__()):
        # The hook that every class of options has; Beam itself only warns of flags that none of them knows.
        options_class._add_argparse_args(parser)
    unknown = parser.parse_known_args(list(flags))[1]
    if unknown:
        known = [*others, *parser._option_string_actions]
        sentence = unknown_flag(unknown[0], known, "neither this command nor Apache Beam has it")
        raise ValueError(f"{sentence}; --help lists all flags")
    options = LocalOptions(list(flags)) if names_no_engine(flags) else PipelineOptions(list(flags))
    standard = options.view_as(StandardOptions)
    if standard.runner in _LOCAL_NAMES:
        standard.runner = LOCAL_RUNNER
        if not any(flag.startswith("--default_sdk_harness_log_level") for flag in flags):
            # Local worker processes share the terminal; see `quiet`.
            options.view_as(WorkerOptions).default_sdk_harness_log_level = "CRITICAL"
    return options


def names_no_engine(flags: Sequence[str]) -> bool:
    """Returns true if the local runner is chosen by no flag at all, as nearly always."""
    return not any(flag.startswith("--runner") for flag in flags)


def _require_job_server(options: "PipelineOptions") -> None:
    """Raises ValueError if nothing answers at `--job_endpoint`, where Beam would wait for minutes without a word."""
    from apache_beam.options.pipeline_options import PortableOptions

    endpoint = options.view_as(PortableOptions).job_endpoint
    # Other names of a gRPC target, such as `dns:///host:8099`, are Beam's to resolve.
    if not endpoint or endpoint == "embed" or "//" in endpoint or endpoint.startswith("unix:"):
        return
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SERVER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no job server answers at --job_endpoint {endpoint} ({error}): start it first, see docs/engines.md"
        ) from error


def use_cores(options: "PipelineOptions", flags: Sequence[str], parts: int) -> None:
    """Runs local work in a process for each core, if it has at least two parts for each and no flag says otherwise.

    Args:
      options: Beam's options, which are changed.
      flags: Beam's flags as given.
      parts: number of parts that processes can share.
    """
    from apache_beam.options.pipeline_options import DirectOptions, StandardOptions

    workers = cores()
    local = options.view_as(StandardOptions).runner == LOCAL_RUNNER
    if local and 1 < workers <= parts // 2 and not any(flag.startswith("--direct_") for flag in flags):
        direct = options.view_as(DirectOptions)
        direct.direct_num_workers, direct.direct_running_mode = workers, "multi_processing"


def cores_of_a_worker(options: "PipelineOptions") -> int:
    """Returns how many cores each worker may take for processes of its own: 1 unless there are fewer local workers."""
    from apache_beam.options.pipeline_options import DirectOptions, StandardOptions

    # 0 workers are one for each core.
    workers = options.view_as(DirectOptions).direct_num_workers or cores()
    return max(cores() // workers, 1) if options.view_as(StandardOptions).runner == LOCAL_RUNNER else 1


def hands_over(options: "PipelineOptions") -> bool:
    """Returns true if this process ends before the pipeline does, so that the pipeline's last step must finish the job.

    So do the launcher of a Dataflow template, which gives `--template_location`, and `--no_wait_until_finish`.
    """
    from apache_beam.options.pipeline_options import GoogleCloudOptions, StandardOptions

    template = options.view_as(GoogleCloudOptions).template_location
    return bool(template or options.view_as(StandardOptions).no_wait_until_finish)


def open_pipeline(options: "PipelineOptions") -> "beam.Pipeline":
    """Returns a pipeline with these options, a context that runs it at the end; ValueError if its server is missing.

    FnApiRunner passes options to local worker processes in its provision info alone; without them each would log to
    the terminal.
    """
    import apache_beam as beam
    from apache_beam.options.pipeline_options import StandardOptions, WorkerOptions
    from apache_beam.portability.api import beam_provision_api_pb2
    from apache_beam.runners.job.utils import dict_to_struct
    from apache_beam.runners.portability.fn_api_runner import fn_runner

    from nabi.beam.local_runner import LocalRunner

    _require_job_server(options)
    options.view_as(StandardOptions).no_wait_until_finish = hands_over(options)
    if options.view_as(StandardOptions).runner != LOCAL_RUNNER:
        return beam.Pipeline(options=options)
    level = options.view_as(WorkerOptions).default_sdk_harness_log_level
    worker_options = dict_to_struct({"beam:option:default_sdk_harness_log_level:v1": level})
    info = beam_provision_api_pb2.ProvisionInfo(retrieval_token="unused", pipeline_options=worker_options)
    runner = LocalRunner(provision_info=fn_runner.ExtendedProvisionInfo(info))
    return beam.Pipeline(runner=runner, options=options)
