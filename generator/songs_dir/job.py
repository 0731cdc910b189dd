"""The job that makes songs: checks, a Beam pipeline over batches of song numbers, the page and COMPLETED."""

import functools
import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from generator.config import GenerateConfig
from generator.primers import priming
from generator.sampling import plan
from generator.sampling.plan import SLOTS, SongBatch
from generator.songs import refusal
from generator.songs_dir import audio, engraving, output
from generator.songs_dir.progress import SongsProgress
from generator.songs_dir.writing import Writer, describe, rows_path
from nabi.analysis.style_reference import load_if_there
from nabi.beam import failures
from nabi.beam.options import beam_options, hands_over, open_pipeline, use_cores
from nabi.networks import remote_files
from nabi.workspace import directories, paths, storage

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions


# Advice at the end of an error message.
_GO_ON = "the batches made so far stay: the same command goes on from them"


def run(
    *,
    model_dir: str,
    folder: str,
    config: GenerateConfig,
    overwrite: bool = False,
    beam_flags: Sequence[str] = (),
    slots: int = SLOTS,
) -> None:
    """Makes songs, or the songs that an interrupted run left out.

    Args:
      model_dir: a finished model directory; see `nabi.workspace.directories.find`.
      folder: songs directory.
      config: settings of the songs; song N does not depend on the number of songs.
      overwrite: True to delete songs of another request in `folder`.
      beam_flags: flags of Beam, such as `--runner=DirectRunner`.
      slots: rows of a batch; another number may round differently and so give other songs.

    Raises:
      ValueError, StorageError, AudioError, EngravingError: in one sentence, if the request cannot be met.
      JobError: if the job fails after it has started, such as on a full disk.
    """
    if config.audio != "none":
        audio.check_installed(", or pass --audio none")
    engraving.check_installed(config.output_format)
    remote_files.open_schemes(model_dir, folder)
    config = priming.located(config)
    model_dir = directories.model(model_dir)
    marks = paths.require_completed(model_dir, "model", "python -m trainer.task")
    request = _request(model_dir, marks, config, slots)
    options = beam_options(beam_flags, GenerateConfig.flags())
    if not paths.begin(folder, "songs directory", request, overwrite):
        logging.info("%s already holds these %d songs: nothing to do", folder, config.num_songs)
        return

    _work(model_dir, folder, config, slots, options, beam_flags, request)
    state = "handed over, the work ends by itself" if hands_over(options) else f"{config.num_songs} songs"
    logging.info("%s: %s", state, storage.join(folder, paths.INDEX))


def _work(
    model_dir: str,
    folder: str,
    config: GenerateConfig,
    slots: int,
    options: "PipelineOptions",
    beam_flags: Sequence[str],
    request: str,
) -> None:
    """Makes the missing songs; raises as `run` does."""
    # Imported only when there is work, since Beam and TensorFlow take seconds.
    from generator.sampling import stepper
    from generator.songs.preparation import prepare
    from generator.songs_dir import transforms
    from nabi.networks import trained_model

    stepper.use_one_thread()
    model = trained_model.load(model_dir)
    ready = prepare(model, model_dir, config, folder)
    config, given_sha256 = ready.config, ready.primers.given_sha256
    batches = plan.batches(config.num_songs, slots, config.candidates)
    missing = output.missing(folder, batches)
    use_cores(options, beam_flags, len(missing))
    sample = transforms.SampleSongs(model_dir, config, ready.primers, ready.index, slots)
    writer = Writer(folder, model.vocabulary, model.encoding, config, ready.index, given_sha256)
    finish = functools.partial(
        _finish,
        folder=folder,
        batches=batches,
        model_dir=model_dir,
        config=config,
        given_sha256=given_sha256,
        marks={"request": request, "content": model.config["content"]},
    )
    written = transforms.WriteSongs(writer, len(batches))
    if hands_over(options):
        _make(missing, batches, options, sample, written, finish)
    else:
        _make(missing, batches, options, sample, written)
        finish(len(missing))


def _finish(
    count: int,
    *,
    folder: str,
    batches: list[SongBatch],
    model_dir: str,
    config: GenerateConfig,
    given_sha256: str,
    marks: dict[str, str],
) -> None:
    """Finishes the directory (`output.finish`), here or as the pipeline's last step after `count` batches."""
    del count
    remote_files.open_schemes(model_dir, folder)
    reference = load_if_there(model_dir, marks["content"])
    settings = {"seed": config.seed, **describe(config, given_sha256)}
    summary = output.finish(folder, batches, model_dir=model_dir, settings=settings, marks=marks, reference=reference)
    if cost := refusal.cost(summary, config):
        logging.info(cost)


def _make(
    missing: list[SongBatch],
    batches: list[SongBatch],
    options: Any,
    sample: Any,
    write: Any,
    finish: Callable[[int], None] | None = None,
) -> None:
    """Runs the pipeline over the missing batches, with `finish`, if given, as its last step."""
    import apache_beam as beam

    total, remaining = (sum(len(batch.songs) for batch in group) for group in (batches, missing))
    if remaining < total:
        logging.info("%d of %d songs are there already", total - remaining, total)
    waiting = [rows_path(write.writer.folder, batch.index, len(batches)) for batch in missing]
    with SongsProgress(waiting, done=total - remaining, total=total) as progress:
        if missing or finish:
            with failures.explained(_GO_ON), open_pipeline(options) as pipeline:
                written = (
                    pipeline
                    | "Plan" >> beam.Create(missing)
                    | "Spread" >> beam.Reshuffle()
                    | "Sample" >> beam.ParDo(sample)
                    | "Write" >> write
                )
                if finish:
                    # The count exists once everything is written, even if nothing was missing.
                    _ = written | "All" >> beam.combiners.Count.Globally() | "Finish" >> beam.Map(finish)
        logging.info(progress.look())


def _request(model_dir: str, marks: dict[str, str], config: GenerateConfig, slots: int) -> str:
    """Computes the fingerprint of everything that determines the directory's content."""
    weights = hashlib.sha256(storage.read_bytes(storage.join(model_dir, paths.MODEL))).hexdigest()
    # A file counts by its content, not by its path; a dataset is checked against the model's.
    files = {"harmonize": config.harmonize, "accompany": config.accompany}
    if priming.is_file(config.primer):
        files["primer"] = config.primer
    hashes = {flag: hashlib.sha256(storage.read_bytes(path)).hexdigest() for flag, path in files.items() if path}
    return paths.fingerprint(
        {
            "model": {**marks, "weights": weights},
            "config": {**config.as_dict(), **hashes, "data": ""},
            "slots": slots,
        }
    )
