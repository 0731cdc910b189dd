"""Every setting of a training run: one frozen object, from flags and a recipe alike, saved with the model."""

import argparse
import dataclasses
from collections.abc import Mapping
from typing import Any


def _key(default: Any, meaning: str, *, low: float = 0, high: float = 0, choices: tuple[str, ...] = ()) -> Any:
    """A setting with its meaning (unit included) and its legal range: `low`..`high`, both legal, or `choices`."""
    legal = "true or false" if isinstance(default, bool) else " or ".join(choices) or f"{low:g}..{high:g}"
    return dataclasses.field(
        default=default, metadata={"meaning": meaning, "low": low, "high": high, "choices": choices, "legal": legal}
    )


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a model is made and trained; each key is a flag of the same name and a key of a recipe's `[[train]]`."""

    # How long, on what.
    steps: int = _key(1500, "optimizer steps", low=1, high=1e9)
    batch_size: int = _key(64, "windows a step, over all replicas together", low=1, high=2**20)
    replicas: int = _key(0, "devices that share a batch; 0: all GPUs, or one CPU", low=0, high=1024)
    seed: int = _key(1, "of initial weights, order of windows and dropout", low=0, high=2**31 - 1)
    target: str = _key("every", "which tokens of a window are predicted", choices=("every", "last"))
    carry_state: bool = _key(
        False, "read songs from end to end, the LSTM's state carried from window to window (truncated back-propagation)"
    )

    # The network.
    input_features: str = _key(
        "embedding", "what the LSTM is told of a token", choices=("embedding", "one-hot", "index", "pitch-length")
    )
    embedding: int = _key(128, "width of a token's vector", low=1, high=65536)
    units: int = _key(256, "width of each LSTM layer", low=1, high=65536)
    layers: int = _key(2, "LSTM layers", low=1, high=64)
    layer_norm: bool = _key(False, "normalise what each LSTM layer puts out")
    residual: bool = _key(False, "add an LSTM layer's input to its output, where both are as wide")
    tied_embeddings: bool = _key(False, "use the tokens' vectors for the logits too")

    # Against learning by heart.
    dropout: float = _key(0.2, "share of the LSTM inputs and outputs dropped in training", low=0, high=0.95)
    variational_dropout: bool = _key(False, "drop the same values at all steps of a window")
    recurrent_dropout: float = _key(0.0, "share of the LSTM's state dropped in training", low=0, high=0.95)
    label_smoothing: float = _key(0.0, "share of a target's probability spread over all tokens", low=0, high=0.9)
    weight_decay: float = _key(0.0, "share of each weight matrix taken off a step, times the rate", low=0, high=1)

    # The optimizer (Adam).
    learning_rate: float = _key(0.002, "Adam's learning rate, the highest of its schedule", low=1e-8, high=10)
    schedule: str = _key(
        "constant", "of the learning rate after the warm-up", choices=("constant", "inverse-time", "cosine")
    )
    warmup_steps: int = _key(0, "steps in which the learning rate rises from 0", low=0, high=1e9)
    decay: float = _key(0.0, "of inverse-time: learning_rate / (1 + decay * step)", low=0, high=1e6)
    clip_norm: float = _key(1.0, "largest global norm of the gradients", low=1e-6, high=1e6)

    # How fast.
    precision: str = _key(
        "float32", "of the network's arithmetic", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )
    lstm: str = _key("fused", "loop: ours on the CPU and cuDNN's on a GPU, or Keras' own", choices=("fused", "keras"))
    xla: bool = _key(False, "compile the whole step by XLA; slow to start")

    # How often, in steps.
    # All batches up to the next row are in memory at once, and a signal waits for them.
    log_every: int = _key(10, "steps a row of history.csv, trained in one go", low=1, high=1000)
    evaluate_every: int = _key(100, "steps from one look at the validation split to the next", low=1, high=1e9)
    evaluation_tokens: int = _key(
        200_000, "validation tokens scored each time, in whole songs; the final figures use all", low=1, high=1e12
    )
    early_stopping: int = _key(5, "evaluations without a better loss before the end; 0: never", low=0, high=1e9)
    checkpoint_every: int = _key(100, "steps from one checkpoint to the next", low=1, high=1e9)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        if self.replicas:
            check_division(self.batch_size, self.replicas)
        for wrong, message in self._contradictions():
            if wrong:
                raise ValueError(message)

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        frozen = self.input_features != "embedding"
        return (
            (self.carry_state and self.target == "last", "--carry_state needs --target every: it reads whole songs"),
            (
                frozen and self.tied_embeddings,
                f"--tied_embeddings needs --input_features embedding, not {self.input_features}: only learnt vectors "
                "can be logits too",
            ),
            (
                self.schedule == "cosine" and self.warmup_steps >= self.steps,
                f"--warmup_steps {self.warmup_steps} must be below --steps {self.steps}",
            ),
            (self.decay > 0 and self.schedule != "inverse-time", "--decay needs --schedule inverse-time"),
            (
                self.recurrent_dropout > 0 and self.lstm == "keras",
                "--recurrent_dropout needs --lstm fused: Keras' own would depend on the number of replicas",
            ),
        )

    @classmethod
    def create(cls, settings: Mapping[str, object]) -> "TrainConfig":
        """The configuration with these keys set and the others at their defaults.

        Raises:
          ValueError: if a key is unknown or a value is outside its range, naming flag, value and range.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        unknown = sorted(set(settings) - set(fields))
        if unknown:
            raise ValueError(f"unknown training keys {', '.join(unknown)}; they must be among {', '.join(fields)}")
        # TOML writes a whole number where a fraction is meant: `dropout = 0`.
        whole_is_float = {key for key, value in settings.items() if fields[key].type is float and type(value) is int}
        values = {key: float(value) if key in whole_is_float else value for key, value in settings.items()}  # type: ignore[arg-type]
        return cls(**values)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """Key -> value, as JSON keeps it."""
        return dataclasses.asdict(self)


def check_division(batch_size: int, replicas: int) -> None:
    """Raises ValueError if a global batch cannot be shared evenly."""
    if batch_size % replicas:
        lower, upper = batch_size // replicas * replicas, -(-batch_size // replicas) * replicas
        nearest = f"{lower} or {upper}" if lower else f"{upper}"
        raise ValueError(
            f"--batch_size {batch_size} must be a multiple of the {replicas} replicas that share it: try {nearest}"
        )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag a key; a flag not given is absent from the parsed namespace, so that a recipe's value can stand."""
    group = parser.add_argument_group("training (also keys of a recipe's [[train]])")
    for field in dataclasses.fields(TrainConfig):
        if field.type is bool:
            group.add_argument(
                f"--{field.name}",
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=f"{field.metadata['meaning']} (default: {'yes' if field.default else 'no'})",
            )
            continue
        group.add_argument(
            f"--{field.name}",
            type=field.type,
            default=argparse.SUPPRESS,
            metavar="NAME" if field.metadata["choices"] else field.type.__name__.upper(),
            help=f"{field.metadata['meaning']} ({field.metadata['legal']}; default {field.default})",
        )


def as_flags(config: TrainConfig) -> list[str]:
    """The flags that give exactly this configuration, whatever the defaults are."""
    return [_as_flag(key, value) for key, value in config.as_dict().items()]


def _as_flag(key: str, value: object) -> str:
    if isinstance(value, bool):
        return f"--{key}" if value else f"--no-{key}"
    # A float is written with all digits that it takes to read the same one.
    return f"--{key}={value}"


def given(flags: argparse.Namespace) -> dict[str, object]:
    """The keys that were given by hand."""
    names = {field.name for field in dataclasses.fields(TrainConfig)}
    return {name: value for name, value in vars(flags).items() if name in names}


def _check(field: Any, value: object) -> None:
    legal = field.metadata
    if type(value) is not field.type:
        raise ValueError(f"--{field.name} {value!r} must be {_article(field.type)} in {legal['legal']}")
    in_range = value in legal["choices"] if legal["choices"] else legal["low"] <= value <= legal["high"]
    if field.type is not bool and not in_range:
        raise ValueError(f"--{field.name} {value} must be in {legal['legal']}: {legal['meaning']}")


def _article(kind: type) -> str:
    return {int: "a whole number", float: "a number", str: "one word", bool: "a switch"}[kind]
