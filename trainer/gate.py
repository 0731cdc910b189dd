"""`python -m trainer.gate`: decides whether a new model replaces the champion, and says why."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nabi.music.song_id import SongId
from nabi.networks import remote_files
from nabi.workspace import directories, job_exit, paths, storage
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.judging_songs import JUDGING_SPLIT, new_to_both, training_datasets
from nabi.workspace.ledger_columns import bits
from nabi.workspace.logs import say
from trainer.judging import drift, form_check, gate_checks, gate_page
from trainer.judging.gate_checks import Check, Thresholds

if TYPE_CHECKING:
    # They take seconds to import; flags and checks do without.
    from nabi.music.song import Song
    from nabi.networks.trained_model import TrainedModel

_EXAMPLES = """examples:
  python -m trainer.gate --model NEW/model --data NEW/dataset --songs NEW/gate-songs \\
      --champion OLD/model --champion_data OLD/dataset --champion_songs OLD/gate-songs --output NEW/gate

Both models are scored on the songs of the new test split that are new to both: neither they nor near-duplicates of them
were in training or validation. The challenger has to be better by more than --min_gain in 95 % of resamples of these
songs, so that none is promoted by chance, and its sampled songs must not be further from the training songs than the
champion's in parallels, held chords, recurrence, key or ending. Without --champion the model is judged by itself:
against n-grams, by copies, loops and likeness; even if it fails it becomes the first champion, with a warning, unless
--first_must_pass is given.
OUTPUT gets decision.json, with every threshold, measured value and reason, and decision.html, the same as a page, with
what changed in the music. The exit status is 0 for either decision. pipelines.retrain runs this.
"""


@dataclasses.dataclass(frozen=True)
class Contestants:
    """The directories of a decision.

    Attributes:
      model: the challenger's model directory.
      data: the dataset that the challenger was trained on.
      songs: a songs directory sampled from the challenger.
      champion: the champion's model directory; "" if there is none yet.
      champion_data: the dataset that the champion was trained on; "" if there is none yet.
      champion_songs: a songs directory sampled from the champion; "" if there is none yet.
    """

    model: str
    data: str
    songs: str
    champion: str
    champion_data: str
    champion_songs: str


@refusing("error")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and decides; returns the exit status: 0 or 2 (wrong use)."""
    run(*parse(sys.argv[1:] if argv is None else argv))
    return 0


def parse(arguments: Sequence[str]) -> tuple[Contestants, str, Thresholds]:
    """Parses flags to the contestants, the output directory and the thresholds; reads no file.

    Raises:
      ValueError: if a flag is wrong.
    """
    flags = _parser().parse_args(arguments)
    if len({bool(folder) for folder in (flags.champion, flags.champion_data, flags.champion_songs)}) > 1:
        raise ValueError(
            "--champion, --champion_data and --champion_songs go together: give all three, or none for a first model"
        )
    thresholds = Thresholds.create(Thresholds.given(flags))
    folders = {field.name: getattr(flags, field.name) for field in dataclasses.fields(Contestants)}
    return (
        Contestants(**{name: path and storage.folder(path) for name, path in folders.items()}),
        storage.folder(flags.output),
        thresholds,
    )


def check(arguments: Sequence[str]) -> Thresholds:
    """Parses flags to the thresholds; raises ValueError as a start with them would, before any work."""
    return parse(arguments)[2]


def run(contestants: Contestants, output: str, thresholds: Thresholds) -> dict[str, Any]:
    """Decides, and publishes decision.json and decision.html.

    Returns:
      The content of decision.json.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if a directory is not whole or cannot be read.
    """
    remote_files.open_schemes(*dataclasses.astuple(contestants), output)
    contestants = _resolved(contestants)
    checks, songs = _checks(contestants, thresholds)
    passed = all(check.passed for check in checks)
    decision = {
        "promote": passed or not (contestants.champion or thresholds.first_must_pass),
        "passed": passed,
        "challenger": contestants.model,
        "champion": contestants.champion,
        "songs_to_judge_by": songs,
        "checks": [dataclasses.asdict(check) for check in checks],
        "reasons": gate_checks.reasons(checks),
        "thresholds": thresholds.as_dict(),
        "drift": _drift(contestants) if contestants.champion else None,
    }
    storage.write_text(storage.join(output, paths.DECISION_PAGE), gate_page.page(decision))
    paths.write_json(storage.join(output, paths.DECISION), decision)
    say(describe(decision))
    return decision


def _drift(contestants: Contestants) -> dict[str, Any]:
    return drift.report(contestants.model, contestants.data, contestants.champion, contestants.champion_data)


def _resolved(contestants: Contestants) -> Contestants:
    """Resolves each path to the finished directory that it means; raises ValueError if there is none."""
    kinds = {
        "model": directories.MODEL,
        "data": directories.DATASET,
        "songs": directories.SONGS,
        "champion": directories.MODEL,
        "champion_data": directories.DATASET,
        "champion_songs": directories.SONGS,
    }
    folders = dataclasses.asdict(contestants)
    return Contestants(
        **{name: folders[name] and directories.find(folders[name], kind) for name, kind in kinds.items()}
    )


def describe(decision: dict[str, Any]) -> str:
    """Formats a decision for the terminal: a line for each check, and the verdict."""
    lines = [f"{'passed' if check['passed'] else 'FAILED'}  {check['said']}" for check in decision["checks"]]
    return "\n".join([*lines, gate_checks.verdict(decision)])


def _checks(contestants: Contestants, thresholds: Thresholds) -> tuple[list[Check], int]:
    """Runs the checks; returns them and the number of songs that the models are compared on, 0 without a champion."""
    rows = _rows(contestants.songs)
    metrics = paths.read_json(storage.join(contestants.model, paths.METRICS))
    summary = paths.read_json(storage.join(contestants.songs, paths.SUMMARY))
    comparison, songs = _compare(contestants, thresholds) if contestants.champion else ([], 0)
    if contestants.champion:
        champion_rows = _rows(contestants.champion_songs)
        comparison.append(form_check.form(rows, champion_rows, summary["figures"], thresholds.max_form_loss))
    return [
        *comparison,
        gate_checks.beats_counting(metrics, JUDGING_SPLIT),
        gate_checks.copies(rows, thresholds.max_copied_share),
        gate_checks.loops(rows, thresholds.max_loop_rate),
        gate_checks.likeness(summary, thresholds.min_likeness),
    ], songs


def _rows(songs: str) -> list[dict[str, Any]]:
    return [row for path in paths.rows_paths(songs, paths.SONGS) for row in paths.read_rows(path)]


def _compare(contestants: Contestants, thresholds: Thresholds) -> tuple[list[Check], int]:
    # TensorFlow takes seconds to import: every other check comes before. Silences its start-up log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from nabi.networks import trained_model

    challenger, champion = trained_model.load(contestants.model), trained_model.load(contestants.champion)
    songs = judging_songs(contestants, challenger)
    enough = gate_checks.enough(len(songs), thresholds.min_gate_songs)
    return [enough, *_loss_check(champion, challenger, songs, thresholds.min_gain)], len(songs)


def judging_songs(contestants: Contestants, challenger: "TrainedModel") -> "list[Song]":
    """Reads the songs that both models are scored on: those of the new test split that are new to both."""
    from nabi.workspace.kept_songs import KeptSongs
    from trainer.data.batches import read_songs
    from trainer.data.dataset import open_dataset

    dataset = open_dataset(contestants.data)
    models = (contestants.model, contestants.champion)
    new = new_to_both(contestants.data, training_datasets(contestants.champion_data, models))
    records = [(name, ids) for name, ids in read_songs(dataset, JUDGING_SPLIT) if bits(name) in new]
    with contextlib.closing(KeptSongs(contestants.data)) as kept:
        wholes = [kept.get(name) if SongId.parse(name).is_whole_file else None for name, _ in records]
    # Records lack the tokens that the challenger's vocabulary lacks, which must count against it: kept songs are whole.
    tokens = [
        challenger.encoding.encode(whole) if whole else challenger.vocabulary.decode(ids.tolist())
        for whole, (_, ids) in zip(wholes, records, strict=True)
    ]
    return [song for song in map(challenger.encoding.decode, tokens) if len(song)]


def _loss_check(
    champion: "TrainedModel", challenger: "TrainedModel", songs: "list[Song]", min_gain: float
) -> list[Check]:
    import numpy as np

    from trainer.judging import gate_scores

    name, threshold = "loss against the champion", gate_checks.gain_threshold(min_gain)
    if reason := gate_scores.comparable(champion, challenger):
        return [Check(name, None, threshold, False, f"{reason}: give such a run another --output")]
    if len(songs) < gate_checks.FEWEST_SONGS:
        return [Check(name, None, threshold, False, "a confidence interval of the gain needs at least two songs")]
    old, new = (gate_scores.nats_of_songs(model, songs) for model in (champion, challenger))
    notes = np.array([len(song.pitches) for song in songs])
    losses = [float(nats.sum() / notes.sum()) for nats in (old, new)]
    return [gate_checks.better(*losses, gate_checks.interval(old, new, notes), min_gain)]


def _parser() -> Parser:
    parser = Parser("python -m trainer.gate", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add("--model", required=True, help=f"the challenger: {directories.MODEL.accepted}")
    add("--data", required=True, help="the dataset that the challenger was trained on")
    add("--songs", required=True, help="a songs directory sampled from the challenger")
    add("--champion", default="", help="the champion, like --model; none: the model is the first and judged by itself")
    add("--champion_data", default="", help="the dataset that the champion was trained on")
    add("--champion_songs", default="", help="a songs directory sampled from the champion")
    add("--output", required=True, help="directory for decision.json and decision.html")
    Thresholds.add_flags(parser, gate_checks.TITLE)
    return parser


if __name__ == "__main__":
    job_exit.run(main, "gate")
