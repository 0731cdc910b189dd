import tracemalloc

import pytest

from pipelines.preprocessing import ledger_rows
from pipelines.preprocessing.duplicates import drop_near_duplicates, name_duplicates
from pipelines.reading.outcomes import ReadOutcome, WrittenSong


class Copies:
    """Rows of so many copies of one file, made anew each time that they are gone through, as an engine fetches them."""

    def __init__(self, number, **more):
        self._number, self._more = number, more

    def __iter__(self):
        for index in range(self._number):
            yield ReadOutcome(
                f"{index * 7919 % self._number:09d}.mid", "read", sha256="h", song=f"{index:064d}", **self._more
            )


class Told(Copies):
    """What the ledger is told of them: their rows, and between them what was written of their song."""

    def __iter__(self):
        for number, row in enumerate(super().__iter__()):
            if number == 5:
                yield WrittenSong("h", "train", 9, 0, 2)
            yield row


def peak_bytes(work):
    tracemalloc.start()
    try:
        number = sum(1 for _ in work)
        return number, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "work",
    [
        lambda: name_duplicates(Copies(20_000), keep=False),
        lambda: drop_near_duplicates(Copies(20_000)),
        lambda: ledger_rows.song_rows(Told(20_000)),
    ],
)
def test_a_file_of_many_copies_is_not_held_in_memory(work):
    number, peak = peak_bytes(work())
    assert number == 20_000
    assert peak < 100_000


def test_duplicates_are_dropped_or_kept_as_songs_of_their_own():
    same = [
        ReadOutcome("c", "read", sha256="h"),
        ReadOutcome("a", "read", sha256="h"),
        ReadOutcome("b", "read", sha256="h"),
    ]
    dropped = [(row.source, row.song, row.duplicate_of) for row in name_duplicates(same, keep=False)]
    assert dropped == [("c", "h", "a"), ("a", "h", ""), ("b", "h", "a")]
    kept = [(row.source, row.song, row.duplicate_of) for row in name_duplicates(same, keep=True)]
    assert kept == [("a", "h", ""), ("b", "h+1", ""), ("c", "h+2", "")]


def test_the_smallest_song_of_a_cluster_stays():
    cluster = [
        ReadOutcome(source, "read", sha256=song, song=song) for source, song in [("x", "b"), ("y", "a"), ("z", "c")]
    ]
    dropped = list(drop_near_duplicates(cluster))
    assert dropped[1] == cluster[1]
    assert [(row.source, row.outcome, row.reason, row.duplicate_of) for row in dropped[::2]] == [
        ("x", "filtered", "near-duplicate", "y"),
        ("z", "filtered", "near-duplicate", "y"),
    ]


def test_the_ledger_tells_of_every_copy_what_was_written_of_the_song():
    told = list(ledger_rows.song_rows(Told(8)))
    assert [(row.tokens, row.split) for row in told] == [(9, "train")] * 8


def test_copies_of_a_dropped_song_are_dropped_with_it():
    song = ReadOutcome(
        "a", "filtered", reason="near-duplicate", detail="the same tune as z", sha256="h", duplicate_of="z"
    )
    told = list(ledger_rows.song_rows([ReadOutcome("b", "read", sha256="h", duplicate_of="a"), song]))
    assert [(row.source, row.outcome, row.reason, row.duplicate_of) for row in told] == [
        ("b", "filtered", "near-duplicate", "a"),
        ("a", "filtered", "near-duplicate", "z"),
    ]
