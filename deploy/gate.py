"""`python -m deploy.gate --output DIR --run NAME`: names a run the champion if its model is better than the champion's.

The pipeline's form of what `pipelines.retrain` decides on one machine; both read and write the same retraining
directory (docs/operations.md has the steps to roll back).
"""

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from songs import layout, logs, storage

DECISION = "decision.json"


@dataclasses.dataclass(frozen=True)
class Decision:
    """Whether a run becomes the champion, and each reason in a sentence."""

    promoted: bool
    reasons: tuple[str, ...]


def decide(challenger: dict[str, Any], champion: dict[str, Any] | None, margin: float) -> Decision:
    """Compares two evaluations of `trainer.evaluate` (`detail` of evaluation-test.json).

    Bits a note are compared, not nats a token: another vocabulary cuts music into other tokens.

    Args:
      challenger: of the new model.
      champion: of the model in use; None if there is none.
      margin: bits a note that must be gained.
    """
    ours, counting = challenger["model"]["nats_per_token"], challenger["baselines"]["5-gram"]["nats_per_token"]
    verdicts = {f"{ours:.4f} nats a token must be below the 5-gram's {counting:.4f}": ours < counting}
    if champion:
        mine, theirs = _bits(challenger["model"]), _bits(champion["model"])
        said = f"{mine:.4f} bits a note must be below the champion's {theirs:.4f} less {margin:g}"
        verdicts[said] = mine < theirs - margin
    reasons = tuple(f"{said}: {'yes' if good else 'no'}" for said, good in verdicts.items())
    return Decision(all(verdicts.values()), reasons)


def _bits(rates: Mapping[str, float | None]) -> float:
    """A note, or a token where an encoding's tokens are no notes."""
    return float(rates["bits_per_note"] or rates["bits_per_token"] or 0)


def run(*, output: str, run: str, margin: float) -> Decision:
    """Decides, writes `decision.json` into the run, and names the champion in one write, last.

    Raises:
      ValueError, songs.storage.StorageError: if the run was not evaluated.
    """
    folder = storage.join(output, layout.RUNS, run)
    pointer = storage.join(output, layout.CHAMPION)
    champion = layout.read_object(pointer, "run")["run"] if storage.exists(pointer) else None
    theirs = _evaluation(storage.join(output, layout.RUNS, champion)) if champion not in (None, run) else None
    decision = decide(_evaluation(folder), theirs, margin)
    layout.write_json(storage.join(folder, DECISION), {"champion": champion, **dataclasses.asdict(decision)})
    if decision.promoted:
        layout.write_json(pointer, {"run": run})
    return decision


def _evaluation(folder: str) -> dict[str, Any]:
    path = storage.join(folder, layout.MODELS, layout.evaluation_name("test", "json"))
    if not storage.exists(path):
        raise ValueError(f"{path} is missing: run `python -m trainer.evaluate` on that model first")
    detail: dict[str, Any] = layout.read_object(path, "detail")["detail"]
    return detail


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses flags and decides; the exit status: 0 (promoted or not), or 2 (wrong use)."""
    parser = argparse.ArgumentParser(prog="python -m deploy.gate", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--output", required=True, help="the retraining directory, local or gs://")
    add("--run", required=True, help="name of the run, a directory of OUTPUT/runs")
    add("--margin", type=float, default=0.0, help="bits a note to be gained on the champion (default: %(default)g)")
    chosen = parser.parse_args(arguments)
    try:
        decision = run(output=storage.folder(chosen.output), run=chosen.run, margin=chosen.margin)
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"gate: {error}")
        return 2
    logs.say("\n".join([*decision.reasons, f"{chosen.run} is {'' if decision.promoted else 'not '}promoted"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
