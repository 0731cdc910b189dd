import pytest

from deploy import machines


@pytest.mark.parametrize(
    ("flags", "kind", "count"),
    [
        (("n1-standard-8", "NVIDIA_TESLA_T4", 2), "NVIDIA_TESLA_T4", 2),
        (("n1-standard-4", "NVIDIA_TESLA_T4", 0), "NVIDIA_TESLA_T4", 1),
        (("n1-standard-32", "NVIDIA_TESLA_T4", 0), "NVIDIA_TESLA_T4", 2),
        (("n1-highmem-64", "NVIDIA_TESLA_V100", 8), "NVIDIA_TESLA_V100", 8),
        (("n1-standard-96", "NVIDIA_TESLA_P100", 0), "NVIDIA_TESLA_P100", 4),
        (("g2-standard-48",), "NVIDIA_L4", 4),
        (("a2-ultragpu-2g", "NVIDIA_A100_80GB", 2), "NVIDIA_A100_80GB", 2),
        (("a3-ultragpu-8g", "", 8), "NVIDIA_H200_141GB", 8),
    ],
)
def test_legal_pairs(flags, kind, count):
    assert machines.spec(*flags) == {"machineType": flags[0], "acceleratorType": kind, "acceleratorCount": count}


def test_a_machine_without_gpus_has_none():
    assert machines.spec("n2-highmem-16") == {"machineType": "n2-highmem-16"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ("n1-standard-8", "NVIDIA_TESLA_T4", 3),
            "--accelerator_count 3 of NVIDIA_TESLA_T4 on n1-standard-8 must be one",
        ),
        (("n1-standard-32", "NVIDIA_TESLA_T4", 1), "must be one of 2, 4"),
        (("n1-standard-96", "NVIDIA_TESLA_V100", 4), "must be one of 8"),
        (("n1-standard-8", "T4", 1), "it is none of NVIDIA_A100_80GB, NVIDIA_B200"),
        (("n1-standard-8", "NVIDIA_L4", 1), "comes with --machine_type g2-standard-4 or g2-standard-8"),
        (("n2-standard-8", "NVIDIA_TESLA_T4", 1), "to n1 machines alone"),
        (("g2-standard-12", "NVIDIA_TESLA_T4", 1), "g2-standard-12 has 1 NVIDIA_L4 built in, not 1 NVIDIA_TESLA_T4"),
        (("g2-standard-12", "", 2), "has 1 NVIDIA_L4 built in, not 2"),
        (("n1-standard-8", "", 2), "--accelerator_count 2 needs --accelerator_type"),
        (("a big one", "", 0), "must be a machine type"),
    ],
)
def test_illegal_pairs_are_refused_in_one_sentence(flags, said):
    with pytest.raises(ValueError, match=said) as refused:
        machines.spec(*flags)
    assert "\n" not in str(refused.value)
