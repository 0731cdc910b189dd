import pytest

from nabi.beam import failures
from nabi.workspace.storage import StorageError


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            f"Traceback (most recent call last):\n  File ...\n{StorageError.__module__}.StorageError: cannot write x: "
            "full [while running 'BuildDataset/WriteShards/WriteShard-ptransform-43']",
            "cannot write x: full",
        ),
        (
            "Pipeline BeamApp-root-1121_22649243-41b4 failed in state FAILED: "
            "java.util.concurrent.TimeoutException: Timeout has occurred: 30000 ms",
            "java.util.concurrent.TimeoutException: Timeout has occurred: 30000 ms",
        ),
        ("plain", "plain"),
    ],
)
def test_of_what_an_engine_says_the_reason_stays(said, sentence):
    assert failures.sentence(said) == sentence


@pytest.mark.parametrize("error", [ValueError, OSError, RuntimeError])
def test_an_error_of_the_work_says_what_to_do(error):
    with pytest.raises(failures.JobError, match=r"^disk full; run it again$"), failures.explained("run it again"):
        raise error("disk full")
