import pytest

from trainer.training.device_layout import DeviceLayout, Reduction, lay_out, reduction_of


@pytest.mark.parametrize(
    ("gpus", "replicas", "expected"),
    [
        (0, 0, DeviceLayout("CPU", 1)),
        (0, 1, DeviceLayout("CPU", 1)),
        (0, 4, DeviceLayout("CPU", 4, logical=4)),
        (4, 0, DeviceLayout("GPU", 4)),
        (4, 3, DeviceLayout("GPU", 3)),
        (1, 4, DeviceLayout("GPU", 4, logical=4)),
        (2, 4, DeviceLayout("GPU", 4, logical=2)),
    ],
)
def test_replicas_are_all_gpus_some_or_parts_of_them(gpus, replicas, expected):
    assert lay_out(gpus, replicas) == expected


def test_gpus_that_cannot_be_divided_evenly():
    with pytest.raises(ValueError, match=r"--replicas 3 must be in 0\.\.2, the GPUs .* multiple of 2"):
        lay_out(2, 3)


def test_devices_have_names():
    assert lay_out(2, 0).devices == ["GPU:0", "GPU:1"]


@pytest.mark.parametrize(
    ("gpus", "replicas", "nccl", "expected"),
    [
        (0, 4, True, Reduction.TENSORFLOWS),
        (4, 4, True, Reduction.TENSORFLOWS),
        (4, 4, False, Reduction.HIERARCHICAL_COPY),
        (1, 4, True, Reduction.HIERARCHICAL_COPY),
        (1, 1, False, Reduction.TENSORFLOWS),
    ],
)
def test_nccl_adds_up_between_gpus_of_their_own(gpus, replicas, nccl, expected):
    assert reduction_of(lay_out(gpus, replicas), nccl=nccl) == expected
