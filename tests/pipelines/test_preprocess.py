"""The job as its users run it, on small folders."""

import contextlib
import io
import itertools
import json
import pathlib
import random
import re
import subprocess
import sys
import tarfile
import time
import zipfile

import pytest

from nabi.music import records
from nabi.music.encodings import Events
from nabi.music.vocabulary import END, START, Vocabulary
from nabi.reading import file_reader, midi_writer
from nabi.workspace import champion, paths
from nabi.workspace.kept_songs import KeptSongs
from pipelines import preprocess
from pipelines.preprocessing import build_dataset as dataset_job
from pipelines.preprocessing import shards
from tests import builders
from tests.builders import note

# A pipeline without the search for near duplicates is half as long.
PLAIN = "--near_duplicates=keep"
TWO_WORKERS = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Six songs, a duplicate, and three bad files."""
    folder = tmp_path_factory.mktemp("music")
    for index in range(6):
        (folder / f"song{index}.mid").write_bytes(builders.scale(5 + index, 50 + index))
    (folder / "again.mid").write_bytes(builders.scale(5, 50))
    (folder / "bad.mid").write_bytes(b"not MIDI")
    (folder / "empty.mid").write_bytes(b"")
    (folder / "drums.mid").write_bytes(builders.midi(note(0, 480, 38, channel=9)))
    return folder


def run(music, output, *flags):
    preprocess.main(["--input", str(music), "--output", str(output), "--max_lost_fraction=1", "--window=8", *flags])
    return json.loads((output / paths.DATASET).read_text())


def content(folder: pathlib.Path):
    """Every file but the ledger and the report on it, whose seconds differ from run to run."""
    told = [path for path in sorted(folder.iterdir()) if not path.name.startswith((paths.LEDGER, paths.REPORT))]
    return {path.name: path.read_bytes() for path in told}


def ledger(folder):
    rows = [row for path in sorted(folder.glob("ledger-*")) for row in paths.read_rows(str(path))]
    return {pathlib.Path(row["source"]).name: row for row in rows}


@pytest.fixture(scope="module")
def dataset(music, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "dataset"
    run(music, folder, "--split=0.6,0.2,0.2")
    return folder


@pytest.mark.slow
def test_every_file_is_in_the_ledger(dataset):
    rows = ledger(dataset)
    assert {name: (row["outcome"], row["reason"]) for name, row in rows.items() if row["outcome"] == "lost"} == {
        "bad.mid": ("lost", "not-midi"),
        "empty.mid": ("lost", "empty"),
        "drums.mid": ("lost", "no-notes"),
    }
    assert len(rows) == 10
    assert rows["song0.mid"]["duplicate_of"].endswith("again.mid")
    assert all(row["tokens"] == 3 * row["events"] + 1 for row in rows.values() if row["outcome"] == "read")


@pytest.mark.slow
def test_every_split_has_a_song_and_the_counts_agree_with_the_ledger(dataset):
    made = json.loads((dataset / paths.DATASET).read_text())
    rows = [row for row in ledger(dataset).values() if row["outcome"] == "read" and not row["duplicate_of"]]
    for split, counts in made["splits"].items():
        assert counts["songs"] == sum(row["split"] == split for row in rows) > 0
        assert counts["tokens"] == sum(row["tokens"] for row in rows if row["split"] == split)
    assert made["files"] == {"lost": 3, "read": 7}
    assert made["duplicates"] == 1


def windows(dataset):
    for path in sorted(dataset.glob("*.tfrecord")):
        with path.open("rb") as file:
            yield from ((path.name, records.parse(record)) for record in records.read(file))


@pytest.mark.slow
def test_records_decode_to_the_songs(dataset):
    vocabulary = Vocabulary.from_json((dataset / paths.VOCABULARY).read_text())
    hashes = {row["sha256"]: name for name, row in ledger(dataset).items()}
    ids: dict[str, list[int]] = {}
    for _, window in windows(dataset):
        ids.setdefault(hashes[window.song], [START]).extend(window.tokens[1:].tolist())
    song = [token for token in ids["song5.mid"] if token]
    assert (song[0], song[-1]) == (START, END)
    decoded = Events().decode(vocabulary.decode(song))
    assert builders.notes_of(decoded) == [(12 * index, 12, 55 + index) for index in range(10)]


@pytest.mark.slow
def test_a_shard_is_ordered_by_song_and_start(dataset):
    by_file: dict[str, list[tuple[str, int]]] = {}
    for name, window in windows(dataset):
        by_file.setdefault(name, []).append((window.song, window.start))
    assert all(order == sorted(order) for order in by_file.values())
    assert sum(len(order) for order in by_file.values()) > 6


@pytest.mark.slow
def test_counts_come_from_training_only(dataset):
    vocabulary = Vocabulary.from_json((dataset / paths.VOCABULARY).read_text())
    notes = sum(
        row["events"] for row in ledger(dataset).values() if row["split"] == "train" and not row["duplicate_of"]
    )
    assert dict(zip(vocabulary.tokens, vocabulary.counts, strict=True))["d:1"] == notes


@pytest.mark.slow
def test_same_bytes_with_two_workers_and_input_in_another_order(dataset, music, tmp_path):
    files = [flag for path in sorted(music.iterdir(), reverse=True) for flag in ("--input", str(path))]
    run(music / "song3.mid", tmp_path / "two", "--split=0.6,0.2,0.2", *files, *TWO_WORKERS)
    assert content(tmp_path / "two") == content(dataset)


@pytest.mark.slow
def test_handed_over_the_pipeline_itself_makes_the_directory_whole(dataset, music, tmp_path, monkeypatch):
    # What this process would do after the pipeline.
    monkeypatch.delattr(dataset_job, "summary")
    run(music, tmp_path / "data", "--split=0.6,0.2,0.2", "--template_location=gs://none/template")
    assert content(tmp_path / "data") == content(dataset)


@pytest.mark.slow
def test_handed_over_too_many_losses_leave_no_dataset(music, tmp_path, capsys):
    _, said = failure(
        capsys,
        f"--input={music}",
        f"--output={tmp_path / 'data'}",
        "--max_lost_fraction=0",
        "--no_wait_until_finish",
        PLAIN,
    )
    assert "more than --max_lost_fraction 0 allows" in said
    assert paths.completed(str(tmp_path / "data")) is None


@pytest.mark.slow
def test_the_same_request_again_is_no_work(dataset, music, capsys, caplog):
    before = {path: path.stat().st_mtime_ns for path in dataset.iterdir()}
    caplog.set_level("INFO")
    run(music, dataset, "--split=0.6,0.2,0.2")
    assert "nothing to do" in caplog.text
    assert {path: path.stat().st_mtime_ns for path in dataset.iterdir()} == before


@pytest.mark.slow
def test_training_songs_are_also_written_in_other_keys_and_speeds_and_held_out_songs_are_not(dataset, music, tmp_path):
    run(music, tmp_path / "more", "--split=0.6,0.2,0.2", "--transpose=-1..1", "--time_scales=2")
    plain, more = list(windows(dataset)), list(windows(tmp_path / "more"))
    held_out = [(name, window.song, window.start) for name, window in plain if not name.startswith("train")]
    assert [(name, window.song, window.start) for name, window in more if not name.startswith("train")] == held_out
    songs = {window.song for name, window in plain if name.startswith("train")}
    made = {(window.song, window.transpose) for name, window in more if name.startswith("train")}
    assert made == {(song + speed, key) for song in songs for speed in ("", "*2") for key in (-1, 0, 1)}
    assert (tmp_path / "more" / paths.VOCABULARY).read_bytes() == (dataset / paths.VOCABULARY).read_bytes()


@pytest.mark.slow
def test_training_bands_are_also_written_in_other_tempi_and_louder_and_held_out_bands_are_not(music, tmp_path):
    flags = ("--split=0.6,0.2,0.2", "--encoding=band", "--stretch=2", "--velocity_scale=1/2")
    run(music, tmp_path / "out", *flags)
    made = {(name.split("-")[0], window.song[64:]) for name, window in windows(tmp_path / "out")}
    held_out = {("validation", ""), ("test", "")}
    assert made == held_out | {("train", mark) for mark in ("", "*tempo:1/2", "*velocity:1/2")}
    settings = json.loads((tmp_path / "out" / paths.DATASET).read_text())["settings"]
    assert (settings["stretch"], settings["velocity_scale"]) == (["2"], ["1/2"])


@pytest.mark.slow
def test_songs_outside_the_limits_are_filtered(music, tmp_path):
    run(music, tmp_path / "out", "--min_events=8", "--max_events=9", PLAIN)
    kept = {name for name, row in ledger(tmp_path / "out").items() if row["outcome"] == "read"}
    assert kept == {"song3.mid", "song4.mid"}
    assert ledger(tmp_path / "out")["song5.mid"]["reason"] == "too-many-events"


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    """Four tunes, one of them in three keys and one twice to the byte."""
    folder = tmp_path_factory.mktemp("tunes")
    for name, seed, key in (("a", 1, 0), ("b", 2, 0), ("c", 3, 0), ("d", 4, 0), ("a-up", 1, 3), ("a-down", 1, -4)):
        (folder / f"{name}.mid").write_bytes(midi_writer.write(tune(seed).transpose(key)))
    (folder / "a-down-again.mid").write_bytes((folder / "a-down.mid").read_bytes())
    return folder


def tune(seed):
    chance = random.Random(seed)
    pitches = [chance.randrange(55, 75) for _ in range(80)]
    lengths = [chance.choice([3, 6, 12]) for _ in pitches]
    return builders.song(*zip(itertools.accumulate(lengths, initial=0), lengths, pitches, strict=False))


@pytest.mark.slow
def test_songs_of_one_tune_stay_in_one_split(tunes, tmp_path):
    run(tunes, tmp_path / "out", "--split=0.4,0.3,0.3")
    rows = ledger(tmp_path / "out")
    same = [rows[name] for name in ("a.mid", "a-up.mid", "a-down.mid", "a-down-again.mid")]
    assert len({row["split"] for row in same}) == 1
    assert {row["cluster"] for row in same} == {min(row["sha256"][:16] for row in same)}
    assert {row["split"] for row in rows.values()} == {"train", "validation", "test"}
    assert rows["b.mid"]["cluster"] == rows["b.mid"]["sha256"][:16]


@pytest.mark.slow
def test_the_tunes_of_one_book_are_no_near_duplicates(tmp_path):
    chance = random.Random(0)
    book = "".join(
        f"X:{number}\nL:1/4\nM:4/4\nK:C\n{'|'.join(''.join(chance.choices('CDEFGABc', k=4)) for _ in range(20))}|\n\n"
        for number in (1, 2, 3)
    )
    (tmp_path / "book.abc").write_text(book)
    made = run(tmp_path / "book.abc", tmp_path / "out", "--near_duplicates=drop")
    assert made["files"] == {"read": 3}
    assert len({row["cluster"] for row in ledger(tmp_path / "out").values()}) == 3


@pytest.mark.slow
def test_all_but_one_song_of_a_tune_are_left_out_if_asked(tunes, tmp_path):
    made = run(tunes, tmp_path / "out", "--near_duplicates=drop")
    rows = ledger(tmp_path / "out")
    assert made["files"]["filtered"] + made["files"]["read"] == 7
    assert sum(split["songs"] for split in made["splits"].values()) == 4
    of_a = [rows[name] for name in ("a.mid", "a-up.mid", "a-down.mid", "a-down-again.mid")]
    kept = {row["sha256"] for row in of_a if row["outcome"] == "read"}
    assert kept == {min(row["sha256"] for row in of_a)}
    assert {row["reason"] for row in of_a if row["outcome"] == "filtered"} == {"near-duplicate"}


ABC = b"""X:1
T:One
M:4/4
L:1/4
K:C
CDEF|GABc|]

X:2
T:Two
M:4/4
L:1/4
K:C
cBAG|FEDC|]
"""


@pytest.mark.slow
def test_scores_and_archives_are_read_like_midi_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "music.zip", "w") as archive:
        archive.writestr("deep/scale.mid", builders.scale(6))
        archive.writestr("../evil.mid", builders.scale(6))
        archive.writestr("LICENSE", "SPDX-License-Identifier: CC0-1.0")
    with tarfile.open(tmp_path / "more.tar.gz", "w:gz") as archive:
        for index in range(3):
            member = tarfile.TarInfo(f"{index}.mid")
            member.size = len(data := builders.scale(4 + index, 70))
            archive.addfile(member, io.BytesIO(data))
    (tmp_path / "tunes.abc").write_bytes(ABC)
    run(tmp_path, tmp_path / "out", PLAIN)
    rows = {name.rpartition("!")[2]: row for name, row in ledger(tmp_path / "out").items()}
    assert {name: (row["outcome"], row["reason"], row["events"]) for name, row in rows.items()} == {
        "scale.mid": ("read", "", 6),
        "evil.mid": ("lost", "unreadable", 0),
        "0.mid": ("read", "", 4),
        "1.mid": ("read", "", 5),
        "2.mid": ("read", "", 6),
        "tunes.abc#1": ("read", "", 8),
        "tunes.abc#2": ("read", "", 8),
    }
    assert rows["tunes.abc#1"]["sha256"].endswith("#1")
    assert {name for name, row in rows.items() if row["licence"] == "CC0-1.0"} == {"scale.mid", "evil.mid"}
    assert {row["licence"] for row in rows.values()} == {"CC0-1.0", ""}


def failure(capsys, *flags):
    with pytest.raises(SystemExit) as stopped:
        preprocess.main(list(flags))
    return stopped.value.code, f"{stopped.value.code} {capsys.readouterr().err}"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--window=0"], "--window 0 must be at least 1"),
        (["--max_lost_fraction=2"], r"must be in 0..1"),
        (["--colour=red"], "unknown flag --colour (neither this command nor Apache Beam has it)"),
        (["--windw=8", "--dry_run"], "did you mean --window?"),
        (["--recipe=unheard"], "recipe 'unheard' is neither"),
        (["--vocabulary=/none"], "cannot read /none"),
        (["--step=1/7", "--encoding=grid"], "not a multiple of 1/12"),
        (["--divisors=8,0"], "--divisors '8,0' must be different whole numbers in 1..64"),
        (
            ["--divisors=8,6", "--step=1/5", "--encoding=steps"],
            "--step 1/5, with --divisors 8,6: '1/5' is not a multiple",
        ),
        (["--chords=voiced"], "has no setting"),
        (["--transpose=9..1"], "--transpose '9..1'"),
        (["--time_scales=0"], "--time_scales '0'"),
        (["--stretch=1.1"], "--stretch 11/10 needs tokens that say how fast a song is"),
        (["--velocity_scale=0.8"], "--velocity_scale 4/5 needs --encoding band"),
        (["--min_events=0"], "--min_events 0 must be at least 1"),
    ],
)
def test_a_wrong_flag_stops_before_work(music, tmp_path, capsys, flags, message):
    code, said = failure(capsys, "--input", str(music), "--output", str(tmp_path / "out"), *flags)
    assert code == 2
    assert message in said
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_finished_dataset_of_other_settings_needs_overwrite(dataset, music, tmp_path, capsys):
    code, said = failure(capsys, "--input", str(music), "--output", str(dataset), "--window=9")
    assert (code, "--overwrite" in said) == (2, True)


def test_a_missing_folder_and_an_unwritable_output(music, tmp_path, capsys):
    code, said = failure(capsys, "--input", str(tmp_path / "none"), "--output", str(tmp_path / "out"))
    assert (code, "matches no file" in said) == (2, True)
    code, said = failure(capsys, "--input", str(music), "--output", "/proc/nabi/out")
    assert (code, "cannot write" in said) == (2, True)


@pytest.mark.slow
def test_too_many_losses_fail_after_the_ledger_is_written(music, tmp_path, capsys):
    output = tmp_path / "out"
    code, said = failure(capsys, f"--input={music}", f"--output={output}", "--max_lost_fraction=0.2", PLAIN)
    # Text makes Python end with status 1.
    assert code.startswith("preprocess failed: ")
    (reasons,) = re.findall(r"3 of 10 files were lost \((.*?)\): more than --max_lost_fraction 0.2 allows", said)
    assert sorted(reasons.split(", ")) == ["1 empty", "1 no-notes", "1 not-midi"]
    assert len(ledger(output)) == 10
    assert paths.completed(str(output)) is None


@pytest.mark.slow
def test_nothing_readable_says_why(tmp_path, capsys):
    (tmp_path / "bad.mid").write_bytes(b"not MIDI")
    _, said = failure(capsys, f"--input={tmp_path / 'bad.mid'}", f"--output={tmp_path / 'out'}", PLAIN)
    assert "none of 1 files gave a song (1 not-midi)" in said


@pytest.mark.slow
def test_one_song_trains_and_says_that_nothing_is_held_out(tmp_path, caplog):
    (tmp_path / "one.mid").write_bytes(builders.scale())
    made = run(tmp_path / "one.mid", tmp_path / "out", PLAIN)
    assert made["splits"]["train"]["songs"] == 1
    assert "fewer than 3 songs" in caplog.text


@pytest.mark.slow
def test_a_killed_job_started_again_ends_as_if_it_had_not_been(dataset, music, tmp_path):
    folder = tmp_path / "killed"
    flags = ["--output", str(folder), "--max_lost_fraction=1", "--window=8", "--split=0.6,0.2,0.2"]
    command = [sys.executable, "-m", "pipelines.preprocess", "--input", str(music), *flags]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(folder.glob("staging/*.progress")):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (folder / paths.COMPLETED).exists()
    (folder / ".train-00000-of-00016.tfrecord.0f.partial").write_bytes(b"half")
    run(music, folder, "--split=0.6,0.2,0.2")
    assert content(folder) == content(dataset)


@pytest.mark.slow
def test_work_that_fails_ends_in_a_sentence_and_nothing_published(music, tmp_path, monkeypatch):
    def fail(*shard, **more):
        raise OSError("No space left on device")

    monkeypatch.setattr(shards, "write_shard", fail)
    with pytest.raises(SystemExit, match=r"^preprocess failed: .*No space left on device.*; nothing is published"):
        run(music, tmp_path / "out", PLAIN)
    assert not (tmp_path / "out" / paths.COMPLETED).exists()


@pytest.mark.slow
def test_a_finer_grid_keeps_what_the_usual_one_makes_chords_of(tmp_path):
    (tmp_path / "32nds").mkdir()
    track = [event for index in range(20) for event in note(60 * index, 60 * index + 60, 60 + index % 2)]
    (tmp_path / "32nds" / "a.mid").write_bytes(builders.midi(track))
    run(tmp_path / "32nds", tmp_path / "fine", "--divisors=8,6", PLAIN)
    assert len(file_reader.read_song(builders.midi(track), source="a.mid")) == 10
    assert ledger(tmp_path / "fine")["a.mid"]["events"] == 20
    assert paths.read_json(str(tmp_path / "fine" / paths.DATASET))["settings"]["encoding"]["divisors"] == [8, 6]
    vocabulary = Vocabulary.from_json((tmp_path / "fine" / paths.VOCABULARY).read_text())
    assert vocabulary.counts[vocabulary.ids["s:1/8"]] == 19


@pytest.mark.slow
def test_a_tune_in_codes_has_the_lengths_of_the_divisors(tmp_path, capsys):
    tune = ["--input=codes:g32 e32 c16", "--divisors=8,6", f"--output={tmp_path / 'out'}", "--encoding=pitch-duration"]
    preprocess.main([*tune, "--notation=codes", PLAIN])
    assert ledger(tmp_path / "out")["codes:g32 e32 c16"]["events"] == 3
    tokens = Vocabulary.from_json((tmp_path / "out" / paths.VOCABULARY).read_text()).tokens
    assert {"g32", "e32", "c16"} <= set(tokens)
    code, said = failure(capsys, tune[0], f"--output={tmp_path / 'usual'}")
    assert (code, "'g32' is no code such as g8 by --divisors 4,3" in said) == (2, True)


def test_a_step_is_as_long_on_every_grid():
    chosen = ["--input=x", "--output=o", "--divisors=8,6,5"]
    steps = {name: preprocess.parse([*chosen, f"--encoding={name}"])[1] for name in ("grid", "steps", "pitch")}
    assert {name: config.build_encoding().step for name, config in steps.items()} == {
        "grid": 30,
        "steps": 30,
        "pitch": 60,
    }


def test_recipes_set_flags_and_flags_win(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        '[preprocess]\nwindow = 7\nencoding = "grid"\nstep = "1/2"\ndivisors = [8, 6]\nsplit = "1,0,0"\ninput = ["x"]\n'
    )
    config = preprocess.parse(["--recipe", str(recipe), "--output", "o", "--window=9"])[1]
    assert (config.window, config.build_encoding().step, config.split) == (9, 12, (1.0, 0.0, 0.0))
    assert (config.divisors, config.input) == ((8, 6), ("x",))
    assert preprocess.parse(["--recipe", str(recipe), "--output", "o", "--input=y"])[1].input == ("y",)


def test_a_range_that_starts_below_zero_is_no_flag():
    config = preprocess.parse(["--input", "x", "--output", "o", "--transpose", "-2..1", "--window", "8"])[1]
    assert config.transpose == (-2, -1, 0, 1)


def test_a_recipe_with_an_unknown_setting_is_refused(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text("[preprocess]\nwidow = 7\n")
    with pytest.raises(ValueError, match="unknown key widow"):
        preprocess.parse(["--recipe", str(recipe), "--input", "x", "--output", "o"])


KEEPING = ("--split=0.6,0.2,0.2", "--keep_songs", "--shards=2")
UP = "X:1\nT:Up\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"


@pytest.fixture(scope="module")
def mine(music, tmp_path_factory):
    """A retraining directory whose champion's dataset kept the songs of the music and of a tune in ABC."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / "tune.abc").write_text(UP)
    run(music, folder / "runs/r1/dataset", *KEEPING, f"--input={folder / 'tune.abc'}")
    champion.promote(str(folder), "r1", champion.Champion())
    return folder


@pytest.fixture(scope="module")
def grown(music, tmp_path_factory):
    """The music with one song more and one changed, and the tune under the name of a MIDI file."""
    folder = tmp_path_factory.mktemp("grown")
    for path in music.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "new.mid").write_bytes(builders.scale(9, 70))
    (folder / "song1.mid").write_bytes(builders.scale(7, 40))
    (folder / "tune.mid").write_text(UP)
    return folder


@pytest.mark.slow
def test_reused_songs_give_what_reading_all_files_gives(mine, grown, tmp_path, caplog):
    caplog.set_level("INFO")
    run(grown, tmp_path / "all", *KEEPING)
    caplog.clear()
    run(grown, tmp_path / "again", *KEEPING, f"--reuse={mine / 'runs/r1'}")
    assert content(tmp_path / "again") == content(tmp_path / "all")
    assert "6 of 12 files were read before" in caplog.text
    rows = ledger(tmp_path / "again")
    assert {name for name, row in rows.items() if row["reused"]} == {
        "song0.mid", "again.mid", "song2.mid", "song3.mid", "song4.mid", "song5.mid"
    }  # fmt: skip
    # The bytes of a tune that was read, under another ending: it is read again, as what its name says.
    assert rows["tune.mid"]["outcome"] == "lost"


@pytest.mark.slow
def test_songs_of_the_champion_are_reused(mine, music, tmp_path):
    run(music, tmp_path / "again", f"--reuse={mine}")
    assert ledger(tmp_path / "again")["song1.mid"]["reused"]


@pytest.mark.slow
def test_songs_read_without_fingerprints_are_read_again_to_find_near_duplicates(tmp_path, caplog):
    caplog.set_level("INFO")
    lines = (tune(1).pitches.tolist(), tune(2).transpose(-24).pitches.tolist())
    tracks = [
        [event for at, pitch in enumerate(line) for event in note(240 * at, 240 * at + 240, pitch)] for line in lines
    ]
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "two.mid").write_bytes(builders.midi(*tracks))
    told = {}
    for name, flags in [
        ("plain", ["--near_duplicates=keep"]),
        ("all", []),
        ("again", [f"--reuse={tmp_path / 'plain'}"]),
    ]:
        run(tmp_path / "music", tmp_path / name, "--keep_songs", *flags)
        sha256 = ledger(tmp_path / name)["two.mid"]["sha256"]
        with contextlib.closing(KeptSongs(str(tmp_path / name))) as kept:
            told[name] = kept.get(sha256).about.tracks
    assert "read by other settings or versions" in caplog.text
    assert not ledger(tmp_path / "again")["two.mid"]["reused"]
    assert told["plain"] == ""
    assert told["again"] == told["all"] != ""


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--instrument=piano", "--divisors=8,6"])
def test_songs_read_by_other_settings_cannot_be_reused(mine, caplog, flag):
    caplog.set_level("INFO")
    config = preprocess.parse(["--input=x", "--output=o", flag])[1]
    assert dataset_job.reusable(str(mine), config) == ""
    assert "read by other settings or versions, so all are read again" in caplog.text


@pytest.mark.slow
def test_what_cannot_be_reused_is_read_again(dataset, music, tmp_path, caplog):
    caplog.set_level("INFO")
    run(music, tmp_path / "after", f"--reuse={dataset}")
    assert "made without --keep_songs" in caplog.text
    assert not any(row["reused"] for row in ledger(tmp_path / "after").values())


@pytest.mark.slow
def test_reusing_what_is_no_dataset_stops_before_work(music, tmp_path, capsys):
    flags = ("--input", str(music), "--output", str(tmp_path / "a"), "--reuse", str(tmp_path / "b"))
    assert "does not exist" in failure(capsys, *flags)[1]
