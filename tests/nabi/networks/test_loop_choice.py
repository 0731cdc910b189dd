import pytest

from nabi.networks.loop_choice import LoopChoice, choose_loop

OWN_ON_CPU, CUDNN, ONE_COMPILED_LANE = LoopChoice(True), LoopChoice(False), LoopChoice(True, lanes=1, compiled=True)


@pytest.mark.parametrize(
    ("gpus", "masked", "xla", "expected"),
    [
        (0, False, False, OWN_ON_CPU),
        (0, True, True, OWN_ON_CPU),
        (1, False, False, CUDNN),
        (8, False, False, CUDNN),
        (1, True, False, ONE_COMPILED_LANE),
        (1, False, True, ONE_COMPILED_LANE),
        (2, True, True, ONE_COMPILED_LANE),
    ],
)
def test_cudnn_runs_what_it_can_and_lanes_are_for_cpus(gpus, masked, xla, expected):
    assert choose_loop(gpus=gpus, masked=masked, xla=xla) == expected
