"""The job: checks, a Beam pipeline over batches of song numbers, the page, COMPLETED."""

import contextlib
import dataclasses
import hashlib
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from beam_jobs.options import beam_options, open_pipeline
from generator import audio, output, plan, primers
from generator.plan import SLOTS, Batch, Sampling, Sound
from generator.primers import Primers
from generator.progress import Progress
from generator.writing import Writer, rows_path, settings
from models import remote
from songs import layout, storage

if TYPE_CHECKING:
    from generator.grammar import Grammar
    from models.bundle import Bundle

# Tokens taken from a file or a window, unless the model was trained on windows alone (`--target last`): then all.
PRIMER_TOKENS = 32


class JobError(RuntimeError):
    """Work that could not be finished, in a sentence."""


@dataclasses.dataclass(frozen=True)
class PrimerChoice:
    """How songs begin.

    Attributes:
      source: `start`, a MIDI file, or a split of the dataset.
      tokens: tokens taken of it; None for the default.
      data: the dataset; None for the one that the model was trained on.
    """

    source: str = primers.FROM_START
    tokens: int | None = None
    data: str | None = None

    def __post_init__(self) -> None:
        plan.check(self.tokens is None or 1 <= self.tokens <= 10_000, "primer_tokens", self.tokens, "1..10000")
        primers.check(self.source)


def run(
    *,
    model_dir: str,
    folder: str,
    num_songs: int,
    sampling: Sampling,
    sound: Sound,
    primer: PrimerChoice,
    overwrite: bool = False,
    beam_flags: Sequence[str] = (),
    slots: int = SLOTS,
) -> None:
    """Makes songs, or those that an interrupted run left out.

    Args:
      model_dir: a model directory, whole.
      folder: the songs directory.
      num_songs: 1..1,000,000; song N is the same for every number.
      sampling: how tokens are chosen.
      sound: tempo, instrument, sound.
      primer: how songs begin.
      overwrite: whether songs of another request in `folder` may be deleted.
      beam_flags: Beam's own, such as `--runner=DirectRunner`.
      slots: rows of a batch; another number may round differently and so give other songs.

    Raises:
      ValueError, StorageError, AudioError: in one sentence, if something is wrong before work starts.
      JobError: if it goes wrong later, such as on a full disk.
    """
    batches = plan.batches(num_songs, slots)
    if sound.audio:
        audio.check_installed()
    remote.open_schemes(model_dir, folder, primer.source)
    marks = layout.require_completed(model_dir, "model", "python -m trainer.task")
    request = _request(model_dir, marks, num_songs, sampling, sound, primer, slots)
    options = beam_options(beam_flags)
    if not layout.begin(folder, "songs directory", request, overwrite):
        logging.info("%s already holds these %d songs: nothing to do", folder, num_songs)
        return

    # Beam and TensorFlow take seconds to import: only when there is work.
    from generator import transforms
    from models import bundle

    transforms.use_one_thread()
    model = bundle.load(model_dir)
    pool = _primers(primer, model, transforms.grammar_of(model), sampling.seed)
    writer = Writer(folder, model.vocabulary, model.encoding, sampling, sound)
    sample = transforms.SampleSongs(model_dir, sampling, pool, slots)
    missing = output.missing(folder, batches)
    _make(missing, batches, options, sample, transforms.WriteSongs(writer, len(batches)))
    output.finish(
        folder,
        batches,
        model_dir=model_dir,
        settings={"seed": sampling.seed, **settings(sampling, sound), "primer": primer.source},
        marks={"request": request, "content": model.config["content"]},
    )
    logging.info("%d songs: %s", num_songs, storage.join(folder, layout.INDEX))


def _make(missing: list[Batch], batches: list[Batch], options: Any, sample: Any, write: Any) -> None:
    """Runs the pipeline over the missing batches."""
    import apache_beam as beam

    total, left = (sum(len(batch.songs) for batch in some) for some in (batches, missing))
    if left < total:
        logging.info("%d of %d songs are there already", total - left, total)
    waiting = [rows_path(write.writer.folder, batch.index, len(batches)) for batch in missing]
    with Progress(waiting, done=total - left, total=total) as progress:
        if missing:
            with _explained(), open_pipeline(options) as pipeline:
                _ = (
                    pipeline
                    | "Plan" >> beam.Create(missing)
                    | "Spread" >> beam.Reshuffle()
                    | "Sample" >> beam.ParDo(sample)
                    | "Write" >> write
                )
        logging.info(progress.look())


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Tells what goes wrong in the work from what was wrong before it, in the last line of what a worker says."""
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        reason = str(error).strip().rpartition("\n")[2]
        raise JobError(f"{reason}; the batches made so far stay: the same command goes on from them") from error


def _request(
    model_dir: str,
    marks: dict[str, str],
    num_songs: int,
    sampling: Sampling,
    sound: Sound,
    primer: PrimerChoice,
    slots: int,
) -> str:
    """The fingerprint of all that decides the directory's content."""
    chosen = dataclasses.asdict(primer)
    if primer.source != primers.FROM_START and primer.source not in primers.SPLITS:
        chosen["source"] = hashlib.sha256(storage.read_bytes(primer.source)).hexdigest()
    weights = hashlib.sha256(storage.read_bytes(storage.join(model_dir, layout.MODEL))).hexdigest()
    return layout.fingerprint(
        {
            "model": {**marks, "weights": weights},
            "songs": num_songs,
            "sampling": dataclasses.asdict(sampling),
            "sound": dataclasses.asdict(sound),
            "primer": chosen,
            "slots": slots,
        }
    )


def _primers(primer: PrimerChoice, model: "Bundle", grammar: "Grammar", seed: int) -> Primers:
    """The primers that were chosen, read with the model's encoding."""
    if primer.source == primers.FROM_START:
        return Primers()
    dataset = model.config["dataset"]
    default = dataset["window"] if model.config["target"] == "last" else PRIMER_TOKENS
    reader = primers.Reader(model.vocabulary, model.encoding, grammar, dataset["song_marks"], primer.tokens or default)
    if primer.source not in primers.SPLITS:
        return reader.from_file(primer.source, instrument=dataset["instrument"], parser=dataset["parser"])
    data = primer.data or model.config["data"]
    remote.open_schemes(data)
    return reader.from_split(data, primer.source, seed=seed, content=model.config["content"])
