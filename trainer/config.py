"""Every setting of a training run: one frozen object, from flags and a recipe alike, saved with the model."""

import dataclasses

from nabi.workspace.config import Config, setting

TITLE = "training (also keys of a recipe's [[train]])"


@dataclasses.dataclass(frozen=True)
class TrainConfig(Config):
    """How a model is made and trained; each key is a flag of the same name and a key of a recipe's `[[train]]`."""

    BY_HAND = (
        "data",
        "model_dir",
        "checkpoint_dir",
        "tensorboard_dir",
        "recipe",
        "warm_start",
        "or_fresh",
        "overwrite",
        "tune",
    )

    # How long, on what.
    steps: int = setting(1500, "optimizer steps; 0: the model keeps its first weights", low=0, high=1e9)
    batch_size: int = setting(64, "windows a step, over all replicas together", low=1, high=2**20)
    replicas: int = setting(0, "devices that share a batch; 0: all GPUs, or one CPU", low=0, high=1024)
    seed: int = setting(1, "of initial weights, order of windows and dropout", low=0, high=2**31 - 1)
    target: str = setting("every", "which tokens of a window are predicted", choices=("every", "last"))
    carry_state: bool = setting(
        False,
        "read songs from end to end, the LSTM's state carried from window to window (truncated back-propagation); with "
        "--target last through the windows as they were cut, however much they overlap",
    )
    random_windows: int = setting(
        0,
        "windows that are trained, drawn once by the seed; 0: all (metrics.json's figures are of all in any case)",
        low=0,
        high=1e9,
    )
    blank_first: bool = setting(
        False, "train each window with <start> in place of its first token, so that songs begin from anywhere"
    )

    # The network.
    input_features: str = setting(
        "embedding", "what the LSTM is told of a token", choices=("embedding", "one-hot", "index", "pitch-length")
    )
    embedding: int = setting(128, "width of a token's vector", low=1, high=65536)
    units: int = setting(256, "width of each LSTM layer", low=1, high=65536)
    layers: int = setting(2, "LSTM layers", low=1, high=64)
    layer_norm: bool = setting(False, "normalise what each LSTM layer puts out")
    residual: bool = setting(False, "add an LSTM layer's input to its output, where both are as wide")
    tied_embeddings: bool = setting(False, "use the tokens' vectors for the logits too")

    # Against learning by heart.
    dropout: float = setting(0.2, "share of the LSTM inputs and outputs dropped in training", low=0, high=0.95)
    variational_dropout: bool = setting(False, "drop the same values at all steps of a window")
    recurrent_dropout: float = setting(0.0, "share of the LSTM's state dropped in training", low=0, high=0.95)
    label_smoothing: float = setting(0.0, "share of a target's probability spread over all tokens", low=0, high=0.9)
    weight_decay: float = setting(0.0, "share of each weight matrix taken off a step, times the rate", low=0, high=1)

    # The optimizer (Adam).
    learning_rate: float = setting(0.002, "Adam's learning rate, the highest of its schedule", low=1e-8, high=10)
    schedule: str = setting(
        "constant", "of the learning rate after the warm-up", choices=("constant", "inverse-time", "cosine")
    )
    warmup_steps: int = setting(0, "steps in which the learning rate rises from 0", low=0, high=1e9)
    decay: float = setting(0.0, "of inverse-time: learning_rate / (1 + decay * step)", low=0, high=1e6)
    clip_norm: float = setting(1.0, "largest global norm of the gradients", low=1e-6, high=1e6)

    # How fast.
    precision: str = setting(
        "float32", "of the network's arithmetic", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )
    lstm: str = setting(
        "fused", "loop: ours on the CPU and cuDNN's on a GPU, or Keras' own", choices=("fused", "keras")
    )
    xla: bool = setting(False, "compile the whole step by XLA; slow to start; not with cuDNN's LSTM, on a GPU")

    # How often, in steps.
    # All batches up to the next row are in memory at once, and a signal waits for them.
    log_every: int = setting(10, "steps a row of history.csv, trained in one go", low=1, high=1000)
    log_accuracy: bool = setting(
        False, "tell in each row too how many targets the network, with dropout, ranks first; a pass over the logits"
    )
    evaluate_every: int = setting(100, "steps from one look at the validation split to the next", low=1, high=1e9)
    evaluation_tokens: int = setting(
        200_000, "validation tokens scored each time, in whole songs; the final figures use all", low=1, high=1e12
    )
    early_stopping: int = setting(5, "evaluations without a better loss before the end; 0: never", low=0, high=1e9)
    checkpoint_every: int = setting(100, "steps from one checkpoint to the next", low=1, high=1e9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.replicas:
            check_division(self.batch_size, self.replicas)
        for wrong, message in self._contradictions():
            if wrong:
                raise ValueError(message)

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        frozen = self.input_features != "embedding"
        return (
            (
                self.random_windows > 0 and self.carry_state,
                "--random_windows leaves gaps in songs: leave --carry_state out",
            ),
            (
                self.blank_first and self.carry_state,
                "--blank_first is for windows that begin from nothing: leave --carry_state out",
            ),
            (
                frozen and self.tied_embeddings,
                f"--tied_embeddings needs --input_features embedding, not {self.input_features}: only learnt vectors "
                "can be logits too",
            ),
            (
                self.schedule == "cosine" and 0 < self.steps <= self.warmup_steps,
                f"--warmup_steps {self.warmup_steps} must be below --steps {self.steps}",
            ),
            (self.decay > 0 and self.schedule != "inverse-time", "--decay needs --schedule inverse-time"),
            (
                self.recurrent_dropout > 0 and self.lstm == "keras",
                "--recurrent_dropout needs --lstm fused: Keras' own would depend on the number of replicas",
            ),
        )


def check_division(batch_size: int, replicas: int) -> None:
    """Raises ValueError if a global batch cannot be shared evenly."""
    if batch_size % replicas:
        lower, upper = batch_size // replicas * replicas, -(-batch_size // replicas) * replicas
        nearest = f"{lower} or {upper}" if lower else f"{upper}"
        raise ValueError(
            f"--batch_size {batch_size} must be a multiple of the {replicas} replicas that share it: try {nearest}"
        )
