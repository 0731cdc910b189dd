import socket

import pytest
from apache_beam.options.pipeline_options import DirectOptions, GoogleCloudOptions, StandardOptions

from nabi.beam.options import beam_options, hands_over, open_pipeline, use_cores
from nabi.workspace import cpu


@pytest.mark.parametrize("flags", [[], ["--runner=DirectRunner"], ["--runner", "direct"]])
def test_the_local_runner_needs_no_network(flags):
    assert beam_options(flags).view_as(StandardOptions).runner == "FnApiRunner"


def test_other_runners_and_their_flags_go_through():
    options = beam_options(["--runner=DataflowRunner", "--project=p", "--temp_location=gs://b/t"])
    assert options.view_as(StandardOptions).runner == "DataflowRunner"
    assert options.view_as(GoogleCloudOptions).project == "p"


def test_local_workers_are_options():
    options = beam_options(["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
    assert options.view_as(DirectOptions).direct_num_workers == 2


@pytest.mark.parametrize("flags", [["--temprature=1"], ["--num_song", "3"], ["stray"], ["--direct_num_worker=2"]])
def test_a_flag_that_nobody_knows_is_refused(flags):
    name = flags[0].partition("=")[0]
    with pytest.raises(ValueError, match=rf"unknown (flag|argument) {name} \(neither this command nor Apache Beam"):
        beam_options(flags)


def test_a_flag_that_was_mistyped_is_told_the_jobs_or_beams():
    with pytest.raises(ValueError, match=r"did you mean --num_songs\?"):
        beam_options(["--num_song", "3"], ["--num_songs", "--seed"])
    with pytest.raises(ValueError, match=r"did you mean --direct_num_workers\?"):
        beam_options(["--direct_num_worker=2"])


@pytest.mark.parametrize(
    ("flags", "parts", "workers"),
    [
        ([], 8, 4),
        ([], 7, 1),
        (["--direct_num_workers=2"], 100, 2),
        (["--direct_running_mode=in_memory"], 100, 1),
        (["--runner=DataflowRunner"], 100, 1),
    ],
)
def test_much_local_work_is_for_all_cores_unless_a_flag_says_otherwise(monkeypatch, flags, parts, workers):
    monkeypatch.setattr(cpu.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    chosen = beam_options(flags)
    use_cores(chosen, flags, parts)
    direct = chosen.view_as(DirectOptions)
    assert direct.direct_num_workers == workers
    assert (direct.direct_running_mode == "multi_processing") == (workers == 4)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], False), (["--template_location=gs://b/t"], True), (["--no_wait_until_finish"], True)],
)
def test_a_templates_launcher_hands_the_work_over(flags, expected):
    assert hands_over(beam_options(flags)) is expected


def test_a_job_server_that_does_not_answer_is_refused_before_the_pipeline_runs():
    with socket.create_server(("localhost", 0)) as server:
        endpoint = f"localhost:{server.getsockname()[1]}"
        # Flags alone ask no server: a job that finds its work done needs none.
        chosen = beam_options(["--runner=PortableRunner", f"--job_endpoint={endpoint}"])
        assert open_pipeline(chosen).options.get_all_options()["job_endpoint"] == endpoint
    with pytest.raises(ValueError, match=f"no job server answers at --job_endpoint {endpoint}.*start it first"):
        open_pipeline(chosen)
    with pytest.raises(ValueError, match="no job server answers at --job_endpoint here"):
        open_pipeline(beam_options(["--runner=PortableRunner", "--job_endpoint=here"]))
