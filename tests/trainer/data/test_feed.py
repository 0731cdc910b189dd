import collections
import itertools
import threading

import numpy as np
import pytest

from tests.trainer import datasets
from trainer.data import batches
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import open_dataset
from trainer.data.feed import Feed, ReadAhead
from trainer.data.window_mode import WindowMode

pytestmark = pytest.mark.slow

# 12 songs of 4 ids and marks around them: window 3, stride 3 cuts each in two windows, the last one full at 5 = 6 - 1.
SONGS = [[4 + number % 6, 4, 5, 4 + number // 6] for number in range(12)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    recipe = datasets.Recipe(window=3, stride=3, shards=3)
    return open_dataset(datasets.build(tmp_path_factory.mktemp("feed"), {"train": SONGS}, recipe))


MODES = [WindowMode(), WindowMode(carried=True), WindowMode(last_only=True, carried=True)]


def take(dataset, count, position=None, at_once=1, window_mode=None, **options):
    """Steps one by one: tokens, begins, position after."""
    feed = Feed(dataset, **{"batch_size": 6, "seed": 1, **options}, window_mode=window_mode or WindowMode())
    return list(itertools.islice(feed.steps(position or BatchPosition(), itertools.repeat(at_once)), count))


def rows(steps):
    return collections.Counter(tuple(row) for step in steps for row in step.tokens.reshape(-1, 4).tolist())


def test_every_window_once_an_epoch(dataset):
    everything = collections.Counter(
        tuple(row) for part in batches.read_windows(dataset, "train") for row in part.tokens.tolist()
    )
    two_epochs = take(dataset, 8)
    assert rows(two_epochs[:4]) == rows(two_epochs[4:]) == everything
    assert [step.epochs.tolist() for step in two_epochs] == [[0]] * 4 + [[1]] * 4
    assert two_epochs[0].begins.all()


@pytest.mark.parametrize(
    "window_mode", [WindowMode(), WindowMode(carried=True), WindowMode(last_only=True, carried=True)]
)
def test_each_epoch_has_an_order_of_its_own(dataset, window_mode):
    # One group of all shards: what is read is the same in each epoch.
    steps = take(dataset, 40, window_mode=window_mode)
    epochs = [[step.tokens.tolist() for step in steps if step.epochs[0] == epoch] for epoch in range(3)]
    assert len({str(epoch) for epoch in epochs}) == 3
    assert len({str(sorted(str(row) for step in epoch for row in step[0])) for epoch in epochs}) == 1


@pytest.mark.parametrize("group_bytes", [2**30, 1])
@pytest.mark.parametrize(
    "window_mode", [WindowMode(), WindowMode(carried=True), WindowMode(last_only=True, carried=True)]
)
def test_going_on_anywhere_gives_what_would_have_come(dataset, group_bytes, window_mode):
    options = {"group_bytes": group_bytes, "window_mode": window_mode, "batch_size": 2}
    steps = take(dataset, 30, **options)
    assert steps[-1].epochs[0] >= 1
    for done in range(1, 30, 4):
        resumed = take(dataset, 30 - done, steps[done - 1].after, **options)
        for again, step in zip(resumed, steps[done:], strict=True):
            np.testing.assert_array_equal(again.tokens, step.tokens)
            np.testing.assert_array_equal(again.begins, step.begins)


@pytest.mark.parametrize("group_bytes", [2**30, 1])
@pytest.mark.parametrize(
    "window_mode", [WindowMode(), WindowMode(blank_first=True), WindowMode(carried=True), WindowMode(last_only=True)]
)
def test_machines_side_by_side_read_what_one_reads(dataset, group_bytes, window_mode):
    options = {"group_bytes": group_bytes, "window_mode": window_mode, "batch_size": 4}
    alone = take(dataset, 20, **options)
    parts = [take(dataset, 20, rows=rows, **options) for rows in (range(1), range(1, 4))]
    for step, *own in zip(alone, *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate([part.tokens for part in own], axis=1), step.tokens)
        np.testing.assert_array_equal(np.concatenate([part.begins for part in own], axis=1), step.begins)
        assert {part.after for part in own} == {step.after}


@pytest.mark.parametrize("window_mode", [WindowMode(), WindowMode(carried=True)])
def test_a_machine_parses_the_windows_of_its_own_rows_alone(dataset, monkeypatch, window_mode):
    def parsed(rows: range | None, epochs: int) -> int:
        """Windows whose tokens are parsed."""
        seen, real = [], batches.parsed

        def count(serialized, window, names):
            seen.append(len(serialized) if "tokens" in names else 0)
            return real(serialized, window, names)

        monkeypatch.setattr(batches, "parsed", count)
        feed = Feed(dataset, 4, 1, window_mode, rows=rows, group_bytes=1)
        steps = itertools.takewhile(
            lambda step: step.epochs[0] < epochs, feed.steps(BatchPosition(), itertools.repeat(1))
        )
        assert len(list(steps)) >= epochs
        monkeypatch.setattr(batches, "parsed", real)
        return sum(seen)

    assert parsed(range(1), 8) < parsed(None, 8) / 2


def test_order_depends_on_the_seed(dataset):
    assert any((a.tokens != b.tokens).any() for a, b in zip(take(dataset, 4), take(dataset, 4, seed=2), strict=True))


def test_several_steps_at_a_time_are_the_same_steps(dataset):
    one, three = take(dataset, 6), take(dataset, 2, at_once=3)
    np.testing.assert_array_equal(
        np.concatenate([step.tokens for step in one]), np.concatenate([s.tokens for s in three])
    )
    assert three[0].after == one[2].after == BatchPosition(0, 0, 3)


def test_a_resumed_run_reads_no_group_before_its_own(dataset, monkeypatch):
    read = []
    real = batches.read_shard
    monkeypatch.setattr(batches, "read_shard", lambda path, of: read.append(path) or real(path, of))
    take(dataset, 1, BatchPosition(4, 2, 0), group_bytes=1, batch_size=2)
    assert len(read) == 1


def test_carried_songs_follow_themselves_in_one_row(tmp_path):
    # Windows that overlap by half are cut anew, else a state would meet the same tokens twice.
    recipe = datasets.Recipe(tokens=40, window=4, stride=2, song_marks=False)
    songs = [list(range(4, 17)), list(range(20, 33)), [40, 41]]
    dataset = open_dataset(datasets.build(tmp_path, {"train": songs}, recipe))
    steps = take(dataset, 4, batch_size=2, window_mode=WindowMode(carried=True))
    tokens, begins = (np.concatenate([getattr(step, name) for step in steps]) for name in ("tokens", "begins"))
    heard = []
    for row in range(2):
        for window, first in zip(tokens[:, row], begins[:, row], strict=True):
            known = window[window > 0].tolist()
            if not known:
                continue
            if first:
                heard.append(known)
            else:
                assert heard[-1][-1] == known[0]
                heard[-1] += known[1:]
    assert sorted(heard) == songs


def test_full_windows_only(tmp_path):
    recipe = datasets.Recipe(window=4, stride=1, song_marks=False)
    dataset = open_dataset(datasets.build(tmp_path, {"train": [list(range(4, 10))]}, recipe))
    (step,) = take(dataset, 1, batch_size=3, window_mode=WindowMode(last_only=True))
    assert sorted(row for row in step.tokens[0].tolist() if row[0]) == [[4, 5, 6, 7, 8], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize("last_only", [False, True])
def test_the_first_token_of_each_window_is_blank(tmp_path, last_only):
    recipe = datasets.Recipe(window=3, stride=3, song_marks=False)
    dataset = open_dataset(datasets.build(tmp_path, {"train": [[4, 5, 6, 7, 8, 9]]}, recipe))
    (step,) = take(dataset, 1, batch_size=2, window_mode=WindowMode(last_only=last_only, blank_first=True))
    padded = [0, 0, 0, 0] if last_only else [2, 8, 9, 0]
    assert sorted(step.tokens[0].tolist()) == sorted([[2, 5, 6, 7], padded])


def test_the_same_windows_drawn_in_each_epoch(dataset):
    everything = rows(take(dataset, 4))
    drawn = take(dataset, 4, random_windows=12)
    first, second = rows(drawn[:2]), rows(drawn[2:])
    assert first == second
    assert first.total() == 12
    assert first < everything
    assert rows(take(dataset, 2, random_windows=12, seed=2)) != first


def test_windows_that_cannot_be_drawn(dataset):
    def feed(count: int, **options) -> Feed:
        return Feed(dataset, 6, 1, WindowMode(), count, **options)

    feed(24).require_drawable(24)
    feed(0, group_bytes=1).require_drawable(24)
    with pytest.raises(ValueError, match=r"--random_windows 25 must be in 0\.\.24, the windows to"):
        feed(25).require_drawable(24)
    with pytest.raises(ValueError, match=r"--random_windows 2 needs all windows .* more than 1 bytes"):
        feed(2, group_bytes=1).require_drawable(24)


def test_reading_ahead_passes_errors_on_and_counts_the_wait():
    gate = threading.Event()

    def items():
        gate.wait()
        yield 1
        raise ValueError("the shard is damaged")

    ahead = ReadAhead(items())
    threading.Timer(0.05, gate.set).start()
    assert ahead.next() == 1
    assert ahead.waited >= 0.04
    with pytest.raises(ValueError, match="the shard is damaged"):
        ahead.next()
    ahead.close()
