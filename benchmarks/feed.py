"""Measures how many tokens a second the training's feed can deliver, beside a training step that takes no time.

    python -m benchmarks.feed --data DATASET [--batch_size 512] [--steps 1000]

An H200 trains on 4 million tokens a second at the most (2x512, 512 rows); a feed that delivers more does not let it
wait. Counted is what one core needs to make a batch, in processor time, which other work of the machine slows less than
it does the clock, once the split has been read. `handed over` is the copy to the device that the training loop makes
itself.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator

from nabi.workspace.commands import Parser
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import Dataset, open_dataset
from trainer.data.feed import Feed, StepBatches
from trainer.data.window_mode import WindowMode

# Steps from one row of history.csv to the next, as by default.
_AT_ONCE = 10
# Tokens a second that an H200 trains on at the most.
NEEDED = 4_000_000


def main() -> int:
    """Prints a line for each way of reading."""
    parser = Parser("python -m benchmarks.feed", description=__doc__)
    parser.add_argument("--data", required=True, help="a finished dataset directory")
    parser.add_argument("--batch_size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=1000)
    flags = parser.parse_or_exit()
    dataset = open_dataset(flags.data)
    print(f"{'windows':<14}{'rows':>6}{'made, tok/s':>16}{'handed over, tok/s':>20}{'of 4 M tok/s':>14}")
    for name, mode in (("shuffled", WindowMode()), ("carried songs", WindowMode(carried=True))):
        made, handed = rates(dataset, mode, flags.batch_size, flags.steps)
        print(f"{name:<14}{flags.batch_size:>6}{made:>16,.0f}{handed:>20,.0f}{made / NEEDED:>14.1f}", flush=True)
    return 0


def rates(dataset: Dataset, mode: WindowMode, batch_size: int, steps: int) -> tuple[float, float]:
    """Returns the tokens a second at which batches are made, and copied to the device."""
    feed = Feed(dataset, batch_size, 1, mode)
    batches = feed.steps(BatchPosition(), itertools.repeat(_AT_ONCE))
    next(batches)
    tokens = _AT_ONCE * batch_size * dataset.window
    calls = max(1, steps // _AT_ONCE)
    made = tokens * calls / _seconds(lambda: _drain(batches, calls))
    last = next(batches)
    return made, tokens * calls / _seconds(lambda: _hand_over(last, calls))


def _drain(batches: Iterator[StepBatches], calls: int) -> None:
    for _ in range(calls):
        next(batches)


def _hand_over(steps: StepBatches, calls: int) -> None:
    import tensorflow as tf

    for _ in range(calls):
        tf.constant(steps.tokens.take(range(steps.tokens.shape[1]), 1))


def _seconds(run: Callable[[], None]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
