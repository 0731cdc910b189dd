"""The settings of a training: one frozen object, from flags and a recipe alike, saved with the model."""

import dataclasses

from nabi.workspace.config import Config, setting

TITLE = "training (also keys of a recipe's [[train]])"


@dataclasses.dataclass(frozen=True)
class TrainConfig(Config):
    """Settings of a network and its training; each key is a flag of the same name and a key of a recipe's `[[train]]`.

    A share is a fraction 0..1.
    """

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
    steps: int = setting(1500, "optimizer steps; 0: the model keeps its initial weights", low=0, high=1e9)
    batch_size: int = setting(64, "windows a step, over all replicas together", low=1, high=2**20)
    replicas: int = setting(0, "devices that share a batch; 0: all GPUs, or one CPU", low=0, high=1024)
    seed: int = setting(1, "random seed of initial weights, order of windows and dropout", low=0, high=2**31 - 1)
    carry_state: bool = setting(
        False,
        "read songs from end to end, the LSTM's state carried from window to window (truncated back-propagation); with "
        "--target last through overlapping windows too",
    )

    # The network.
    embedding: int = setting(128, "width of a token's embedding", low=1, high=65536)
    units: int = setting(256, "width of each LSTM layer", low=1, high=65536)
    layers: int = setting(2, "LSTM layers", low=1, high=64)
    layer_norm: bool = setting(False, "normalise the output of each LSTM layer")
    residual: bool = setting(False, "add an LSTM layer's input to its output, where both have the same width")
    tied_embeddings: bool = setting(
        False, "use the token embeddings as output weights too", needs={"input_features": ("embedding",)}
    )
    memory: bool = setting(
        False,
        "tell the network what followed earlier in the song after the same tokens, so that music can come again",
        needs={"carry_state": (True,), "target": ("every",)},
    )

    # Regularisation.
    dropout: float = setting(0.2, "share of the LSTM inputs and outputs dropped in training", low=0, high=0.95)
    variational_dropout: bool = setting(False, "drop the same values at all steps of a window")
    recurrent_dropout: float = setting(0.0, "share of the LSTM's state dropped in training", low=0, high=0.95)
    wrong_notes: float = setting(
        0.0,
        "share of the notes that the network reads wrong in training, by up to 4 semitones, so that in sampling it "
        "goes on well from its own mistakes; it falls steadily from this at the first step to none at the last",
        low=0,
        high=0.5,
        needs={"memory": (True,)},
    )
    label_smoothing: float = setting(0.0, "share of a target's probability spread over all tokens", low=0, high=0.9)
    weight_decay: float = setting(
        0.0, "decoupled weight decay: share of each weight matrix subtracted a step, times the learning rate", high=1
    )

    # The optimizer (Adam).
    learning_rate: float = setting(0.002, "Adam's learning rate, the highest of its schedule", low=1e-8, high=10)
    schedule: str = setting(
        "constant", "learning rate after the warm-up", choices=("constant", "inverse-time", "cosine")
    )
    warmup_steps: int = setting(0, "steps in which the learning rate rises from 0", low=0, high=1e9)
    clip_norm: float = setting(1.0, "largest global norm of the gradients", low=1e-6, high=1e6)

    # How fast.
    precision: str = setting(
        "float32", "arithmetic of the network", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )
    deterministic: bool = setting(
        False, "two runs are equal bit for bit on GPUs too, more slowly; on CPUs they are without it"
    )
    xla: bool = setting(
        False, "compile the whole step by XLA, on a GPU with Nabi's LSTM in cuDNN's place; slow to start"
    )

    # How often, in steps.
    # All batches up to the next row are in memory at once, and a signal waits for them.
    log_every: int = setting(10, "steps between rows of history.csv, trained in one go", low=1, high=1000)
    evaluate_every: int = setting(100, "steps between evaluations on the validation split", low=1, high=1e9)
    evaluation_tokens: int = setting(
        200_000,
        "validation tokens scored at each evaluation, in whole songs; the final metrics use all",
        low=1,
        high=1e12,
    )
    early_stopping: int = setting(
        5, "evaluations without a lower loss after which training ends; 0: never", low=0, high=1e9
    )
    checkpoint_every: int = setting(100, "steps between checkpoints", low=1, high=1e9)

    target: str = setting(
        "every",
        "predicted tokens of a window",
        choices=("every", "last"),
        section="as the tutorials do (also keys of a recipe's [[train]])",
    )
    input_features: str = setting(
        "embedding",
        "input representation of a token: learned embedding, one-hot, index, or pitch and length",
        choices=("embedding", "one-hot", "index", "pitch-length"),
    )
    random_windows: int = setting(
        0,
        "train on this many windows, drawn once by the seed; 0: all (metrics.json is of all in any case)",
        low=0,
        high=1e9,
        needs={"carry_state": (False,)},
    )
    blank_first: bool = setting(
        False,
        "train each window with <start> in place of its first token, so that songs begin from anywhere",
        needs={"carry_state": (False,)},
    )
    decay: float = setting(
        0.0,
        "decay of the learning rate: learning_rate / (1 + decay * step)",
        low=0,
        high=1e6,
        needs={"schedule": ("inverse-time",)},
    )
    log_accuracy: bool = setting(
        False, "also log the share of targets that the network, with dropout, ranks first; costs a pass over the logits"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.replicas:
            check_division(self.batch_size, self.replicas)
        if self.schedule == "cosine" and 0 < self.steps <= self.warmup_steps:
            raise ValueError(f"--warmup_steps {self.warmup_steps} must be below --steps {self.steps}")


def check_division(batch_size: int, replicas: int) -> None:
    """Raises ValueError if a global batch cannot be shared evenly by its replicas, naming the nearest that can."""
    if batch_size % replicas:
        lower, upper = batch_size // replicas * replicas, -(-batch_size // replicas) * replicas
        nearest = f"{lower} or {upper}" if lower else f"{upper}"
        raise ValueError(
            f"--batch_size {batch_size} must be a multiple of the {replicas} replicas that share it: try {nearest}"
        )
