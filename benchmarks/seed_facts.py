"""Figures stated in each seed document, the same figures of a run of its recipe, and why the two differ."""

import dataclasses
from collections.abc import Callable

from benchmarks.seed_run import SeedRun
from nabi.music import note_codes
from nabi.workspace import ledger, paths, recipes, storage

# The document sums its loss over 30 outputs, of which the last has no target.
_JAZZ_TARGETS = 29


@dataclasses.dataclass(frozen=True)
class Fact:
    """A figure of a document.

    Attributes:
      what: name of the figure.
      document: value in the document.
      nabi: run -> its value.
      why: reason of the difference, or meaning of the figure; "" if there is none.
    """

    what: str
    document: str
    nabi: Callable[[SeedRun], object]
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Seed:
    """A document: its recipe, its music below `--midi` ("": none), its figures, and a note on its budget."""

    recipe: str
    music: str
    facts: tuple[Fact, ...]
    note: str = ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _reached(run: SeedRun) -> str:
    train = run.metrics()["train"]
    return f"{round(train['accuracy'] * train['tokens'])} of {train['tokens']}, {_percent(train['accuracy'])}"


def _reproduced(run: SeedRun) -> str:
    """Counts the sampled notes that equal those of the song."""
    (pattern,) = recipes.load("butterfly-index", "preprocess")["input"]
    song, tune = run.song(), pattern.removeprefix(note_codes.SCHEME).split()
    pairs = zip(song["primer"] + song["tokens"], tune, strict=True)
    return f"{sum(sampled == true for sampled, true in pairs) - len(song['primer'])} of {len(song['tokens'])}"


def _file(run: SeedRun) -> str:
    score = run.score()
    track = score.tracks[0]
    velocities = ", ".join(map(str, sorted({note.velocity for note in track.notes})))
    signature = score.key_signatures[0]
    key = "C major" if (signature.key, signature.tonality) == (0, 0) else "another key"
    return f"{key}, program {track.program}, {score.tempos[0].qpm:.0f} bpm, velocity {velocities}"


def _losses(run: SeedRun) -> str:
    losses = run.history("train_loss_nats")
    return f"{losses[min(losses)]:.3f} at first, {min(losses.values()):.5f} at best, {len(losses):,} epochs"


_BUTTERFLY = (
    Fact("notes, codes in the list, codes used", "54, 14, 9", lambda run: _butterfly_counts(run)),
    Fact("windows of 4 and the note after", "50", lambda run: run.counted("windows")),
    Fact(
        "training accuracy",
        "not stated",
        _reached,
        "46 of 50 without carried state: in four places the song goes on otherwise after the same notes",
    ),
    Fact(
        "one-step prediction, of 50 notes",
        "printed, not scored",
        lambda run: _percent(run.song("one-step")["agreement"]),
    ),
    Fact("full-song prediction, of the song's 50 notes", "printed, not scored", _reproduced),
    Fact(
        "MIDI",
        "C, piano, 130 bpm, velocity 120",
        _file,
        "the document writes an eighth as a quarter note: --tempo 65 gives its seconds",
    ),
)


def _butterfly_counts(run: SeedRun) -> str:
    used = sum(count > 0 for count in run.vocabulary.counts)
    return f"{run.counted('tokens')}, {len(run.codes)}, {used}"


def _values(run: SeedRun) -> str:
    rests = sum(token.startswith("R:") for token in run.codes)
    return f"{len(run.codes)}: {len(run.codes) - rests} notes and chords, {rests} rests"


def _summed(step: int) -> Callable[[SeedRun], str]:
    return lambda run: f"{_JAZZ_TARGETS * run.history('train_loss_nats')[step]:.2f}"


def _piano_loss(run: SeedRun) -> str:
    metrics = run.metrics()
    parts = [f"{name} {metrics[name]['loss_nats']:.2f}" for name in ("train", "validation", "test")]
    return f"{', '.join(parts)} nats a token; unigram, test {metrics['baselines']['test']['unigram']:.2f}"


def _read(run: SeedRun) -> str:
    files = run.dataset["files"]
    return ", ".join(f"{files.get(outcome, 0)} {outcome}" for outcome in ledger.OUTCOMES)


def _filtered(run: SeedRun) -> str:
    reasons = run.dataset["reasons"]
    return f"{sum(reasons.values())}: {reasons.get('too-few-steps', 0)} short, {reasons.get('other-meter', 0)} by meter"


def _shortest(run: SeedRun) -> int:
    folder = storage.join(run.folder, paths.DATA)
    return min(row.tokens for row in ledger.read(folder) if row.outcome == ledger.READ)


def _accuracy(step: int, model: str) -> Callable[[SeedRun], str]:
    return lambda run: _percent(run.history("train_accuracy", model)[step])


SEEDS = (
    Seed("butterfly-index", "", _BUTTERFLY),
    Seed(
        "butterfly-features",
        "",
        (
            *_BUTTERFLY[:3],
            Fact(
                "width of the labels",
                "12",
                lambda run: len(run.codes),
                "one-hot labels are as wide as the largest that occurs, 11; a list of 14 codes has 14",
            ),
            Fact("loss history", "kept, not printed", _losses, "curves.png shows it"),
        ),
    ),
    Seed(
        "jazz-solo",
        "metheny/original_metheny.mid",
        (
            Fact(
                "different values",
                "90 (older notebook: 78)",
                _values,
                "the document's values come of a grammar of note types and interval ranges; ours are pitch and length",
            ),
            Fact("values in the solo", "90 is also taken for its length", lambda run: run.counted("tokens")),
            Fact("loss summed over 30 outputs, epoch 1", "126.11 / 125.91", _summed(2), "29 x ln(95) = 132"),
            Fact(
                "the same, epoch 100",
                "5.97",
                _summed(200),
                "more values; Keras' own model comes to 7.8 to 9.0 on these windows",
            ),
            Fact("values inferred from nothing", "50", lambda run: len(run.song()["tokens"])),
        ),
    ),
    Seed(
        "classical-piano",
        "final_fantasy",
        (
            Fact("files with notes", "92 used", _read, "the article's parts[0] is empty in 20 of them today"),
            Fact(
                "tokens",
                "57,177",
                lambda run: f"{run.counted('tokens'):,}",
                "the first part with notes; `<start>` and `<end>` are counted",
            ),
            Fact(
                "different notes and chords",
                "352",
                lambda run: f"{len(run.codes)} in training",
                "a property of music21 and of the files of 2017",
            ),
            Fact("loss on songs held out", "none", _piano_loss, "the article trains on all it has"),
            Fact("notes generated", "500", lambda run: len(run.song()["tokens"])),
        ),
        "The article trains for 200 epochs; this budget is that of two cores, some 20. On a GPU: python -m "
        "pipelines.retrain --recipe classical-piano --input final_fantasy --output runs/article "
        '--train="--steps=6000 --precision=mixed_float16"',
    ),
    Seed(
        "pop-roll",
        "pop_songs",
        (
            Fact("files processed", "88", lambda run: sum(run.dataset["files"].values())),
            Fact("discarded", "15", _filtered),
            Fact("songs to learn from", "73", lambda run: run.counted("songs")),
            Fact(
                "its first song, (129, 78)",
                "129 rows",
                lambda run: f"{_shortest(run)} steps in the shortest song",
                "128 steps and one leading row",
            ),
            Fact(
                "width of a row",
                "78 (pitches 24 to 101)",
                lambda run: f"{len(run.codes)}, silence among them",
                "a vocabulary lists what occurs",
            ),
            Fact("training accuracy, 128 units, 200 steps", "shown every 10", _accuracy(200, "small")),
            Fact("the same, 256 units, 2,000 steps", "75 to 90 % is called good", _accuracy(2000, "")),
            Fact("steps generated", "500", lambda run: len(run.song()["tokens"])),
        ),
    ),
)
