"""`python -m trainer.gate`: whether a new model takes the champion's place, and why."""

import argparse
import contextlib
import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from models import remote
from songs import ending, layout, logs, storage
from songs.logs import say
from trainer import drift, gate_checks, gate_page
from trainer.gate_checks import Check, Thresholds

if TYPE_CHECKING:
    # At run time it takes seconds; flags and checks come without.
    from models.bundle import Bundle
    from songs.song import Song

JUDGING_SPLIT = "test"
_FORGOTTEN = "{} is not there any more: songs that it was trained on are not left out of those to judge by"

_EXAMPLES = """examples:
  python -m trainer.gate --model NEW/model --data NEW/dataset --songs NEW/gate-songs \\
      --champion OLD/model --champion_data OLD/dataset --output NEW/gate

Both models are asked about the songs of the new test split that neither saw in training or validation, nor a near
duplicate of them. OUTPUT gets decision.json, with every threshold, what was found and why, and decision.html, the same
to read, with what changed in the music. The exit status is 0 for either decision. pipelines.retrain runs this.
"""


@dataclasses.dataclass(frozen=True)
class Contestants:
    """The directories of a decision.

    Attributes:
      model: the challenger's.
      data: the dataset that it was trained on.
      songs: sampled from it.
      champion: the champion's model directory.
      champion_data: the dataset that it was trained on.
    """

    model: str
    data: str
    songs: str
    champion: str
    champion_data: str


def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and decides; returns the exit status: 0 or 2 (wrong use)."""
    flags = _parser().parse_args(argv)
    limits = {field.name: getattr(flags, field.name) for field in dataclasses.fields(Thresholds)}
    try:
        folders = {field.name: storage.folder(getattr(flags, field.name)) for field in dataclasses.fields(Contestants)}
        run(Contestants(**folders), storage.folder(flags.output), Thresholds(**limits))
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"error: {error}")
        return 2
    return 0


def run(of: Contestants, output: str, thresholds: Thresholds) -> dict[str, Any]:
    """Decides, and publishes decision.json and decision.html.

    Raises:
      ValueError, songs.storage.StorageError: in one sentence, if a directory is not whole or cannot be read.
    """
    remote.open_schemes(*dataclasses.astuple(of), output)
    kinds = ("model", "dataset", "songs directory", "model", "dataset")
    for folder, kind in zip(dataclasses.astuple(of), kinds, strict=True):
        layout.require_completed(folder, kind, "python -m pipelines.retrain")
    checks, judging = _checks(of, thresholds)
    decision = {
        "promote": all(check.passed for check in checks),
        "challenger": of.model,
        "champion": of.champion,
        "songs_to_judge_by": judging,
        "checks": [dataclasses.asdict(check) for check in checks],
        "reasons": gate_checks.reasons(checks),
        "thresholds": dataclasses.asdict(thresholds),
        "drift": drift.report(of.model, of.data, of.champion, of.champion_data),
    }
    storage.write_text(storage.join(output, layout.DECISION_PAGE), gate_page.page(decision))
    layout.write_json(storage.join(output, layout.DECISION), decision)
    say(told(decision))
    return decision


def told(decision: dict[str, Any]) -> str:
    """A decision as a terminal shows it: a line a check, and the verdict."""
    lines = [f"{'passed' if check['passed'] else 'FAILED'}  {check['said']}" for check in decision["checks"]]
    return "\n".join([*lines, "the challenger is better" if decision["promote"] else "the champion stays"])


def _checks(of: Contestants, thresholds: Thresholds) -> tuple[list[Check], int]:
    # TensorFlow takes seconds to import: every refusal comes before. Its own remarks would bury the result.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from models import bundle

    challenger, champion = bundle.load(of.model), bundle.load(of.champion)
    songs = judging_songs(of, challenger)
    rows = [row for path in layout.rows_paths(of.songs, layout.SONGS) for row in layout.read_rows(path)]
    metrics = layout.read_json(storage.join(of.model, layout.METRICS))
    return [
        gate_checks.enough(len(songs), thresholds.min_gate_songs),
        *_against(champion, challenger, songs, thresholds.min_gain),
        gate_checks.beats_counting(metrics, JUDGING_SPLIT),
        gate_checks.copies(rows, thresholds.max_copied_share),
        gate_checks.loops(rows, thresholds.max_loop_rate),
        gate_checks.likeness(layout.read_json(storage.join(of.songs, layout.SUMMARY)), thresholds.min_likeness),
    ], len(songs)


def judging_songs(of: Contestants, challenger: "Bundle") -> "list[Song]":
    """The songs that both models are asked about: of the new test split, heard by neither."""
    from songs.kept_songs import KeptSongs, is_kept
    from songs.ledger import Ledger, bits, unheard
    from trainer.batches import read_songs
    from trainer.dataset import open_dataset

    dataset, ledger = open_dataset(of.data), Ledger.read(of.data)
    known = (unheard(ledger, Ledger.read(folder), JUDGING_SPLIT) for folder in heard(of))
    wanted = set.intersection(*(set(songs.tolist()) for songs in known))
    found = [(name, ids) for name, ids in read_songs(dataset, JUDGING_SPLIT) if bits(name) in wanted]
    with contextlib.closing(KeptSongs(of.data)) as kept:
        wholes = [kept.get(name) if is_kept(name) else None for name, _ in found]
    # What the challenger's vocabulary lacks is not in its records, and would not be asked for.
    tokens = [
        challenger.encoding.encode(whole) if whole else challenger.vocabulary.decode(ids.tolist())
        for whole, (_, ids) in zip(wholes, found, strict=True)
    ]
    return [song for song in map(challenger.encoding.decode, tokens) if len(song)]


def heard(of: Contestants) -> list[str]:
    """The champion's dataset, and those of the models whose weights it or the challenger was started from.

    A song may be held out now and have been trained on then: its split changes when near duplicates come.
    """
    found = [of.champion_data]
    for model in (of.model, of.champion):
        found += _before(model)
    return list(dict.fromkeys(found))


def _before(model: str) -> Iterator[str]:
    """The datasets of the models that a model was started from, the nearest first, as far as they are there."""
    seen, config = {model}, layout.read_json(storage.join(model, layout.CONFIG))
    while (model := config.get("warm_started_from")) and model not in seen:
        seen.add(model)
        if layout.completed(model) is None:
            say(_FORGOTTEN.format(model))
            return
        config = layout.read_json(storage.join(model, layout.CONFIG))
        if layout.completed(config["data"]) is None:
            say(_FORGOTTEN.format(config["data"]))
        else:
            yield config["data"]


def _against(champion: "Bundle", challenger: "Bundle", songs: "list[Song]", least: float) -> list[Check]:
    import numpy as np

    from trainer import gate_scores

    name, threshold = "loss against the champion", f"more than {least:g} nats a note"
    if why := gate_scores.comparable(champion, challenger):
        return [Check(name, None, threshold, False, f"{why}: give such a run another --output")]
    if not songs:
        return [Check(name, None, threshold, False, "there is no song to ask both about")]
    old, new = (gate_scores.nats_of_songs(model, songs) for model in (champion, challenger))
    notes = np.array([len(song.pitches) for song in songs])
    losses = [float(nats.sum() / notes.sum()) for nats in (old, new)]
    return [gate_checks.better(*losses, gate_checks.interval(old, new, notes), least)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer.gate",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model", required=True, help="the challenger: a model directory")
    add("--data", required=True, help="the dataset that it was trained on")
    add("--songs", required=True, help="a songs directory sampled from it")
    add("--champion", required=True, help="the champion: a model directory")
    add("--champion_data", required=True, help="the dataset that it was trained on")
    add("--output", required=True, help="directory for decision.json and decision.html")
    meanings = {
        "min_gate_songs": "songs to judge by, at least",
        "min_gain": "nats a note that the challenger has to need less than the champion",
        "max_copied_share": "mean share of copied notes in the sampled songs, at most",
        "max_loop_rate": "share of the sampled songs that come into a loop, at most",
        "min_likeness": "overlap of sampled with training songs, as a share of validation songs', at least",
    }
    for field in dataclasses.fields(Thresholds):
        kind = type(field.default)
        add(f"--{field.name}", type=kind, default=field.default, help=f"{meanings[field.name]} (default: %(default)s)")
    return parser


if __name__ == "__main__":
    ending.run(main, "gate")
