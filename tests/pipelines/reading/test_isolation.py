import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from nabi.music import errors
from nabi.reading.file_reader import read_song
from nabi.reading.read_settings import ReadSettings
from pipelines.config import PreprocessConfig
from pipelines.reading import frames, isolation
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.isolation import IsolatedReader
from pipelines.reading.parse_worker import WARM_UP
from tests.builders import midi, note

ROOT = pathlib.Path(__file__).parents[3]
MEMORY = 1 << 30
# Seconds, on a machine that runs other tests too; a process takes longer to start than this, and a hang has no end.
SOON = 3


@pytest.fixture(autouse=True)
def reasons(monkeypatch):
    for reason in ("timeout", "crash", "out-of-memory"):
        monkeypatch.setitem(errors.REASONS, reason, "the file's fault")


def hostile(timeout_seconds=30.0, memory_bytes=MEMORY):
    return IsolatedReader(
        PreprocessConfig(),
        timeout_seconds=timeout_seconds,
        memory_bytes=memory_bytes,
        function="tests.pipelines.hostile.read",
    )


@pytest.fixture(scope="module")
def reader():
    with hostile() as reader:
        yield reader


def row_of(reader, data, source):
    """Reads one file of one tune."""
    [[tune]] = reader.read([(data, source)])
    assert bool(tune.song) == (tune.row.outcome == "read")
    return tune.row


def process_of(reader):
    """Reads a harmless file; the process that read it."""
    row = row_of(reader, b"fine", "fine.mid")
    assert (row.source, row.events) == ("fine.mid", 1)
    return int(row.instrument)


def is_running(pid):
    try:
        # The state follows the name, which is in parentheses; a zombie is no longer running.
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_a_song_comes_back_equal_from_a_warm_process(monkeypatch, tmp_path):
    data = midi(note(0, 480, 60), note(480, 960, 64))
    monkeypatch.chdir(tmp_path)
    with IsolatedReader(PreprocessConfig(), timeout_seconds=30, memory_bytes=MEMORY) as reader:
        [[(row, packed)]] = reader.read([(data, "a/\udcffé.mid")])
        began = time.monotonic()
        assert reader.read([(data, "a/\udcffé.mid")])[0][0].song == packed
        assert time.monotonic() - began < SOON
        assert row_of(reader, b"no music", "text.mid").reason == "not-midi"
    encoded, song = EncodedSong.from_bytes(packed), read_song(data, source="a/\udcffé.mid")
    assert encoded.song == song
    assert encoded.tokens == PreprocessConfig().build_encoding().encode(song)
    assert 0 < row.seconds < SOON
    about = (row.source, row.events, row.sha256, row.instrument)
    assert about == ("a/\udcffé.mid", len(song), song.about.sha256, song.about.instrument)


def test_the_warm_up_has_work_for_every_loop():
    assert len(read_song(WARM_UP, source="warm-up")) == 1
    assert len(read_song(WARM_UP, source="warm-up", settings=ReadSettings("drums"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "reason", "detail"),
    [
        (b"abort", "crash", "SIGABRT"),
        (b"segfault", "crash", "SIGSEGV"),
        (b"exit", "crash", "status 0"),
        (b"nonsense", "crash", "nonsense"),
        (b"kill", "out-of-memory", "SIGKILL"),
        (b"memory", "out-of-memory", "1024 MiB"),
        (b"swallowed-memory", "out-of-memory", "1024 MiB"),
    ],
)
def test_what_kills_the_process_costs_one_file(reader, order, reason, detail):
    before = process_of(reader)
    row = row_of(reader, order, "bad.mid")
    assert (row.outcome, row.reason) == ("lost", reason)
    assert detail in row.detail
    assert process_of(reader) != before
    assert not is_running(before)


@pytest.mark.slow
@pytest.mark.parametrize("order", [b"hang", b"hang-in-c"])
def test_a_hang_costs_one_file_and_no_more_time_than_allowed(order):
    with hostile(timeout_seconds=0.5) as reader:
        before = process_of(reader)
        began = time.monotonic()
        row = row_of(reader, order, "bad.mid")
        assert (row.reason, row.detail) == ("timeout", "not read within 0.5 seconds")
        assert 0.5 <= time.monotonic() - began < SOON
        assert process_of(reader) != before
        assert not is_running(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "reason", "detail"),
    [
        (b"bug", "crash", "KeyError: 'no such thing'"),
        (b"quit", "crash", "SystemExit: 3"),
        (b"damaged", "damaged", "ends early, s\\udcffays the file"),
    ],
)
def test_an_exception_costs_no_process(reader, order, reason, detail):
    before = process_of(reader)
    row = row_of(reader, order, "bad.mid")
    assert (row.reason, row.detail) == (reason, detail)
    assert process_of(reader) == before


@pytest.mark.slow
def test_what_a_parser_prints_is_lost(reader):
    before = process_of(reader)
    assert row_of(reader, b"print", "noisy.mid").events == 1
    assert process_of(reader) == before


@pytest.mark.slow
def test_memory_that_earlier_files_hold_is_not_charged_to_the_next():
    with hostile(memory_bytes=1 << 28) as reader:
        processes = [row_of(reader, b"hoard %d" % (150 << 20), "big.mid").instrument for _ in range(2)]
    assert processes[0] != processes[1]


@pytest.mark.slow
@pytest.mark.parametrize(("order", "reason"), [(b"abort", "crash"), (b"memory", "out-of-memory"), (b"hang", "timeout")])
def test_files_handed_over_together_are_lost_alone(order, reason):
    files = [(b"fine", "1.mid"), (b"damaged", "2.mid"), (order, "3.mid"), (b"fine", "4.mid")]
    with hostile(timeout_seconds=0.5) as reader:
        rows = [tune.row for (tune,) in reader.read(files)]
    assert [row.reason or row.events for row in rows] == [1, "damaged", reason, 1]
    assert 0.5 <= rows[2].seconds < SOON or reason != "timeout"


@pytest.mark.slow
def test_a_file_larger_than_a_pipe(reader):
    assert row_of(reader, b"fine " + bytes(5_000_000), "large.mid").events == 1


@pytest.mark.slow
def test_a_closed_reader_leaves_no_process_and_can_read_again():
    with hostile() as reader:
        assert reader.pid is None
        before = process_of(reader)
        reader.close()
        assert not is_running(before)
        assert process_of(reader) != before


@pytest.mark.slow
def test_a_killed_worker_leaves_no_process_even_in_a_hang(tmp_path):
    note_of_pid = tmp_path / "pid"
    script = f"""
from tests.pipelines.reading.test_isolation import hostile
hostile().read([(b"hang-in-c " + {os.fsencode(note_of_pid)!r}, "bad.mid")])
"""
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    wait_until(lambda: note_of_pid.exists() and note_of_pid.read_text())
    parser = int(note_of_pid.read_text())
    assert is_running(parser)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not is_running(parser))


@pytest.mark.slow
def test_a_parser_that_cannot_be_imported_is_no_file_s_fault():
    reader = IsolatedReader(PreprocessConfig(), timeout_seconds=1, memory_bytes=MEMORY, function="nabi.missing.read")
    with pytest.raises(RuntimeError, match=r"No module named 'nabi\.missing'"):
        reader.read([(b"", "any.mid")])


@pytest.mark.slow
@pytest.mark.parametrize("limit", [{"timeout_seconds": 0}, {"timeout_seconds": float("nan")}, {"memory_bytes": 1}])
def test_limits_have_ranges(limit):
    with pytest.raises(ValueError, match="must be"):
        hostile(**limit)


@pytest.mark.parametrize("fields", [(), (b"",), (b"one", b"", b"three" * 9), (b"1", b"2", b"3", b"4", b"5")])
def test_frames(fields):
    frame = frames.pack(frames.TUNE, *fields)
    assert frames.unpack(frame) == (frames.TUNE, list(fields))


@pytest.mark.parametrize("frame", [b"", b"T\1\0\0", b"T\1\0\0\0\4\0\0\0few", b"T\0\0\0\0more"])
def test_no_frames(frame):
    with pytest.raises(ValueError, match="frame"):
        frames.unpack(frame)


@pytest.mark.slow
def test_processes_started_early_are_taken_by_readers_of_the_same_settings_and_the_others_end():
    readers = [hostile(), hostile(timeout_seconds=9), hostile(memory_bytes=MEMORY + 1)]
    with isolation.started_early(readers) as processes:
        early = [process.popen.pid for process in processes]
        with hostile() as reader:
            assert process_of(reader) in early[:2]
            assert all(map(is_running, early))
    assert not any(map(is_running, early))
