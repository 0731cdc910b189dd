"""`python -m trainer.gate`: whether a new model takes the champion's place, and why."""

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
from trainer.judging import drift, gate_checks, gate_page
from trainer.judging.gate_checks import Check, Thresholds

if TYPE_CHECKING:
    # At run time it takes seconds; flags and checks come without.
    from nabi.music.song import Song
    from nabi.networks.trained_model import TrainedModel

_EXAMPLES = """examples:
  python -m trainer.gate --model NEW/model --data NEW/dataset --songs NEW/gate-songs \\
      --champion OLD/model --champion_data OLD/dataset --output NEW/gate

Both models are asked about the songs of the new test split that neither saw in training or validation, nor a near
duplicate of them; the challenger has to be better by more than --min_gain in 95 % of resamples of these songs, so that
no chance promotes it. Without --champion the model is judged by itself: against counting, by copies, loops and
likeness; though it fails it becomes the first champion, with a warning, unless --first_must_pass is given.
OUTPUT gets decision.json, with every threshold, what was found and why, and decision.html, the same to read, with what
changed in the music. The exit status is 0 for either decision. pipelines.retrain runs this.
"""


@dataclasses.dataclass(frozen=True)
class Contestants:
    """The directories of a decision.

    Attributes:
      model: the challenger's.
      data: the dataset that it was trained on.
      songs: sampled from it.
      champion: the champion's model directory; "": there is none yet.
      champion_data: the dataset that it was trained on; "" without a champion.
    """

    model: str
    data: str
    songs: str
    champion: str
    champion_data: str


@refusing("error")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and decides; returns the exit status: 0 or 2 (wrong use)."""
    run(*parse(sys.argv[1:] if argv is None else argv))
    return 0


def parse(arguments: Sequence[str]) -> tuple[Contestants, str, Thresholds]:
    """The directories, that of the decision, and the thresholds; nothing is read.

    Raises:
      ValueError: if a flag is wrong.
    """
    flags = _parser().parse_args(arguments)
    if bool(flags.champion) != bool(flags.champion_data):
        raise ValueError("--champion and --champion_data go together: give both, or none for a first model")
    thresholds = Thresholds.create(Thresholds.given(flags))
    folders = {field.name: getattr(flags, field.name) for field in dataclasses.fields(Contestants)}
    return (
        Contestants(**{name: path and storage.folder(path) for name, path in folders.items()}),
        storage.folder(flags.output),
        thresholds,
    )


def check(arguments: Sequence[str]) -> Thresholds:
    """The thresholds that flags ask for; raises ValueError as a start with them would, before any work."""
    return parse(arguments)[2]


def run(of: Contestants, output: str, thresholds: Thresholds) -> dict[str, Any]:
    """Decides, and publishes decision.json and decision.html.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if a directory is not whole or cannot be read.
    """
    remote_files.open_schemes(*dataclasses.astuple(of), output)
    of = _found(of)
    checks, judging = _checks(of, thresholds)
    passed = all(check.passed for check in checks)
    decision = {
        "promote": passed or not (of.champion or thresholds.first_must_pass),
        "passed": passed,
        "challenger": of.model,
        "champion": of.champion,
        "songs_to_judge_by": judging,
        "checks": [dataclasses.asdict(check) for check in checks],
        "reasons": gate_checks.reasons(checks),
        "thresholds": thresholds.as_dict(),
        "drift": drift.report(of.model, of.data, of.champion, of.champion_data) if of.champion else None,
    }
    storage.write_text(storage.join(output, paths.DECISION_PAGE), gate_page.page(decision))
    paths.write_json(storage.join(output, paths.DECISION), decision)
    say(describe(decision))
    return decision


def _found(of: Contestants) -> Contestants:
    """The directories that are meant; raises ValueError if one is not there, whole."""
    kinds = {
        "model": directories.MODEL,
        "data": directories.DATASET,
        "songs": directories.SONGS,
        "champion": directories.MODEL,
        "champion_data": directories.DATASET,
    }
    given = dataclasses.asdict(of)
    return Contestants(**{name: given[name] and directories.find(given[name], kind) for name, kind in kinds.items()})


def describe(decision: dict[str, Any]) -> str:
    """A decision as a terminal shows it: a line a check, and the verdict."""
    lines = [f"{'passed' if check['passed'] else 'FAILED'}  {check['said']}" for check in decision["checks"]]
    return "\n".join([*lines, gate_checks.verdict(decision)])


def _checks(of: Contestants, thresholds: Thresholds) -> tuple[list[Check], int]:
    """The checks, and how many songs judge; a first model has none to be compared by, and is judged by itself."""
    rows = [row for path in paths.rows_paths(of.songs, paths.SONGS) for row in paths.read_rows(path)]
    metrics = paths.read_json(storage.join(of.model, paths.METRICS))
    compared, judging = _compared(of, thresholds) if of.champion else ([], 0)
    return [
        *compared,
        gate_checks.beats_counting(metrics, JUDGING_SPLIT),
        gate_checks.copies(rows, thresholds.max_copied_share),
        gate_checks.loops(rows, thresholds.max_loop_rate),
        gate_checks.likeness(paths.read_json(storage.join(of.songs, paths.SUMMARY)), thresholds.min_likeness),
    ], judging


def _compared(of: Contestants, thresholds: Thresholds) -> tuple[list[Check], int]:
    # TensorFlow takes seconds to import: every refusal comes before. Its own remarks would bury the result.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from nabi.networks import trained_model

    challenger, champion = trained_model.load(of.model), trained_model.load(of.champion)
    songs = judging_songs(of, challenger)
    enough = gate_checks.enough(len(songs), thresholds.min_gate_songs)
    return [enough, *_against(champion, challenger, songs, thresholds.min_gain)], len(songs)


def judging_songs(of: Contestants, challenger: "TrainedModel") -> "list[Song]":
    """The songs that both models are asked about: of the new test split, heard by neither."""
    from nabi.workspace.kept_songs import KeptSongs
    from trainer.data.batches import read_songs
    from trainer.data.dataset import open_dataset

    dataset = open_dataset(of.data)
    wanted = new_to_both(of.data, training_datasets(of.champion_data, (of.model, of.champion)))
    found = [(name, ids) for name, ids in read_songs(dataset, JUDGING_SPLIT) if bits(name) in wanted]
    with contextlib.closing(KeptSongs(of.data)) as kept:
        wholes = [kept.get(name) if SongId.parse(name).is_whole_file else None for name, _ in found]
    # What the challenger's vocabulary lacks is not in its records, and would not be asked for.
    tokens = [
        challenger.encoding.encode(whole) if whole else challenger.vocabulary.decode(ids.tolist())
        for whole, (_, ids) in zip(wholes, found, strict=True)
    ]
    return [song for song in map(challenger.encoding.decode, tokens) if len(song)]


def _against(champion: "TrainedModel", challenger: "TrainedModel", songs: "list[Song]", least: float) -> list[Check]:
    import numpy as np

    from trainer.judging import gate_scores

    name, threshold = "loss against the champion", gate_checks.gain_wanted(least)
    if why := gate_scores.comparable(champion, challenger):
        return [Check(name, None, threshold, False, f"{why}: give such a run another --output")]
    if len(songs) < gate_checks.FEWEST_SONGS:
        return [Check(name, None, threshold, False, "of fewer than two songs nothing says how sure a gain is")]
    old, new = (gate_scores.nats_of_songs(model, songs) for model in (champion, challenger))
    notes = np.array([len(song.pitches) for song in songs])
    losses = [float(nats.sum() / notes.sum()) for nats in (old, new)]
    return [gate_checks.better(*losses, gate_checks.interval(old, new, notes), least)]


def _parser() -> Parser:
    parser = Parser("python -m trainer.gate", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add("--model", required=True, help=f"the challenger: {directories.MODEL.accepted}")
    add("--data", required=True, help="the dataset that it was trained on")
    add("--songs", required=True, help="a songs directory sampled from it")
    add("--champion", default="", help="the champion, found alike; none: the model is the first and judged by itself")
    add("--champion_data", default="", help="the dataset that it was trained on")
    add("--output", required=True, help="directory for decision.json and decision.html")
    Thresholds.add_flags(parser, gate_checks.TITLE)
    return parser


if __name__ == "__main__":
    job_exit.run(main, "gate")
