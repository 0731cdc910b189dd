"""What benchmarks/gpu.py measures: jobs in processes of their own, for which settings of cuDNN and TensorFlow hold."""

import argparse
import dataclasses

# Whole training steps that are measured beside torch's: name -> settings of `TrainConfig`.
PRECISIONS = {"float32": {}, "bfloat16": {"precision": "mixed_bfloat16"}}
OTHER_STEPS: dict[str, dict[str, object]] = {
    "float16 with loss scaling": {"precision": "mixed_float16"},
    "xla, own loop": {"xla": True},
    "xla, own loop, bfloat16": {"xla": True, "precision": "mixed_bfloat16"},
    "recurrent dropout": {"recurrent_dropout": 0.2},
}
# What finds out whether another algorithm of cuDNN's would help: 1 keeps weights on the chip, 2 chooses by itself.
_FORCED = {"TF_DEBUG_CUDNN_RNN": "1", "TF_DEBUG_CUDNN_RNN_USE_TENSOR_OPS": "1"}


@dataclasses.dataclass(frozen=True)
class Size:
    """Layers and units of an LSTM, and rows of a batch."""

    layers: int
    units: int
    rows: int

    def __str__(self) -> str:
        return f"{self.layers}x{self.units}, {self.rows} rows"

    @classmethod
    def parse(cls, text: str) -> "Size":
        """Reads `LAYERSxUNITSxROWS`; raises argparse's error of a wrong flag."""
        parts = text.split("x")
        if len(parts) != 3 or not all(part.isdecimal() and int(part) for part in parts):
            raise argparse.ArgumentTypeError(f"{text!r} must be LAYERSxUNITSxROWS, such as 2x512x64")
        return cls(*map(int, parts))


@dataclasses.dataclass(frozen=True)
class Job:
    """A process that measures.

    Attributes:
      name: of the job, before the names of what it measures.
      kind: of `benchmarks.gpu_worker.KINDS`.
      seconds: what it may take.
      environment: variables of its process.
      options: for its kind.
      gpu: true if there is nothing to measure without a GPU.
    """

    name: str
    kind: str
    seconds: float
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    options: dict[str, object] = dataclasses.field(default_factory=dict)
    gpu: bool = False


# In the order of what is most worth knowing: when the time is up the rest is left out.
JOBS = (
    Job("nabi", "steps", 100, options={"variants": PRECISIONS}),
    Job("torch", "torch", 60),
    Job("deterministic", "steps", 60, options={"variants": PRECISIONS, "deterministic": True, "few": True}),
    Job("equal runs", "equal_runs", 80),
    Job("lstm", "lstm", 90),
    Job("other ways", "steps", 90, options={"variants": OTHER_STEPS, "few": True}),
    Job("replicas", "replicas", 90),
    Job("training", "training", 120),
    Job("lstm, algorithm 1", "lstm", 30, {**_FORCED, "TF_DEBUG_CUDNN_RNN_ALGO": "1"}, {"raw": True}, gpu=True),
    Job("lstm, algorithm 2", "lstm", 30, {**_FORCED, "TF_DEBUG_CUDNN_RNN_ALGO": "2"}, {"raw": True}, gpu=True),
    Job("profile", "profile", 40),
)
