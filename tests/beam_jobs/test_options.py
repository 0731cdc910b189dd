import pytest
from apache_beam.options.pipeline_options import DirectOptions, GoogleCloudOptions, StandardOptions

from beam_jobs.options import beam_options


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
    with pytest.raises(ValueError, match=f"unknown flag {flags[0]}"):
        beam_options(flags)
