"""Builds a dataset directory: checks, the pipeline, the verdict, COMPLETED."""

import dataclasses
import functools
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nabi.beam import failures
from nabi.beam.options import beam_options, hands_over, open_pipeline
from nabi.music import vocabulary
from nabi.workspace import directories, kept_songs, paths, storage
from pipelines.config import PreprocessConfig
from pipelines.dataset_report import report_page
from pipelines.preprocessing import dataset_check
from pipelines.reading import dataset_settings, progress, sources

# Rows a file: a listing file is one element of the pipeline, a ledger file is sorted in memory.
_LISTING_ROWS = 10_000
_LEDGER_ROWS = 100_000


def build(
    *,
    config: PreprocessConfig,
    output: str,
    overwrite: bool = False,
    reuse: str | None = None,
    options: Any = None,
) -> dict[str, Any]:
    """Makes a dataset directory, unless it is there already.

    Args:
      config: what to make, of what.
      output: the dataset directory.
      overwrite: whether a finished dataset of another request may be deleted.
      reuse: a finished dataset that kept its songs (see `nabi.workspace.directories.find`): files of the same bytes
        are not
        read again, and what is made is the same.
      options: Beam's PipelineOptions; None runs on this machine.

    Returns:
      What `dataset.json` says; nothing if the work goes on without this process.

    Raises:
      ValueError, StorageError: before work starts, if input, settings or output are wrong.
      verdict.UnusableError: after it, the ledger being written.
      failures.JobError: if the work cannot be finished, such as on a full disk or a cluster that went away.
    """
    began = time.monotonic()
    listing = sources.expand(config.input, config.divisors)
    request = request_of(config, listing)
    if not paths.begin(output, "dataset", request, overwrite):
        logging.info("%s is there already, made of the same input and settings: nothing to do", output)
        described: dict[str, Any] = paths.read_json(storage.join(output, paths.DATASET))
        return described
    logging.info("reading %d files into %s", len(listing), output)
    known = reusable(reuse, config) if reuse else ""
    options = options or beam_options([])
    finish = functools.partial(_finish, output=output, config=config, request=request, reuse=known)
    totals_path = _run_pipeline(
        listing,
        output,
        options,
        finish if hands_over(options) else None,
        config=config,
        reuse=known,
    )
    if hands_over(options):
        logging.info("handed over: the work ends by itself, with %s", storage.join(output, paths.COMPLETED))
        return {}
    described = finish(totals_path)
    logging.info("%s", summary(described, time.monotonic() - began))
    return described


def reusable(folder: str, config: PreprocessConfig) -> str:
    """The directory, if its kept songs are those that these settings would read; "" if not, saying why.

    Raises:
      ValueError: if no finished dataset is meant, as `nabi.workspace.directories.find` has it.
    """
    folder = directories.find(folder, directories.DATASET)
    reading = paths.read_json(storage.join(folder, paths.DATASET)).get("reading")
    if reading != dataset_check.reading(config):
        logging.info("--reuse %s: its files were read by other settings or versions, so all are read again", folder)
    elif not paths.kept_songs_paths(folder):
        logging.info("--reuse %s: it was made without --keep_songs, so all files are read again", folder)
    elif damage := kept_songs.damage(folder):
        logging.warning("--reuse %s: %s, so all files are read again", folder, damage)
    else:
        return folder
    return ""


def request_of(config: PreprocessConfig, listing: Iterable[sources.Source]) -> str:
    """The fingerprint of what is to be made: settings, the reader's version, the listing with its marks."""
    rows = map(dataclasses.astuple, listing)
    return paths.fingerprint_all(
        itertools.chain([dataset_settings.described(config), dataset_check.READER_VERSION], rows)
    )


def _run_pipeline(
    listing: Sequence[sources.Source],
    output: str,
    options: Any,
    finish: Callable[[str], object] | None,
    *,
    config: PreprocessConfig,
    **wanted: Any,
) -> str:
    """Runs the pipeline and returns the path of the totals that it writes; `finish`, if given, is its last step."""
    import apache_beam as beam

    from pipelines.preprocessing import transforms

    staging = storage.join(output, paths.STAGING)
    storage.delete(staging)
    listings = []
    for index in range(0, len(listing), _LISTING_ROWS):
        listings.append(storage.join(staging, f"listing-{index:09d}.jsonl"))
        paths.write_rows(
            listings[-1], [dataclasses.asdict(source) for source in listing[index : index + _LISTING_ROWS]]
        )
    ledger_shards = -(-len(listing) // _LEDGER_ROWS)
    totals_path = storage.join(staging, "totals.json")
    run_again = "nothing is published: the same command begins anew"
    with failures.explained(run_again), progress.shown(staging, len(listing)), open_pipeline(options) as pipeline:
        totals = (
            pipeline
            | "Listings" >> beam.Create(listings)
            | "BuildDataset" >> transforms.BuildDataset(config, folder=output, ledger_shards=ledger_shards, **wanted)
            | "WriteTotals" >> beam.Map(_write_totals, totals_path)
        )
        if finish:
            _ = totals | "Finish" >> beam.Map(finish)
    return totals_path


def _write_totals(totals: Any, path: str) -> str:
    paths.write_json(path, totals)
    return path


def _finish(totals_path: str, *, output: str, config: PreprocessConfig, request: str, reuse: str) -> dict[str, Any]:
    """The verdict on a pipeline's totals, and all that makes the directory whole; it is not done twice."""
    if paths.completed(output):
        finished: dict[str, Any] = paths.read_json(storage.join(output, paths.DATASET))
        return finished
    totals = paths.read_json(totals_path)
    if reuse:
        files = sum(totals["files"].values())
        logging.info("%d of %d files were read before (%s)", totals["reused"].get("songs", 0), files, reuse)
    dataset_check.check(totals, config.max_lost_fraction, storage.join(output, f"{paths.LEDGER}-*.jsonl"))
    return _complete(output, config, totals, request)


def _complete(output: str, config: PreprocessConfig, totals: Any, request: str) -> dict[str, Any]:
    tokens = vocabulary.Vocabulary.from_json(storage.read_text(storage.join(output, paths.VOCABULARY)))
    described = dataset_check.dataset(config, totals, request=request, vocabulary=tokens)
    if len(tokens) and described["splits"].get("validation", {}).get("songs") == 0:
        logging.warning(
            "fewer than 3 songs: all are in training, so nothing can be said of music the model has not seen"
        )
    paths.write_json(storage.join(output, paths.DATASET), described)
    report_page.write(output)
    storage.delete(storage.join(output, paths.STAGING))
    paths.complete(output, {"request": request, "content": described["content"]})
    return described


def summary(described: dict[str, Any], seconds: float) -> str:
    """What a person wants to know of a new dataset, in a few lines."""
    files, splits = described["files"], described["splits"]
    lines = [
        f"done in {seconds:.0f} s: {', '.join(f'{count:,} {outcome}' for outcome, count in files.items())}; "
        f"{described['duplicates']} duplicates; {described['vocabulary_size']:,} tokens in the vocabulary"
    ]
    lines += [
        f"  {name:10} {split['songs']:7,} songs {split['tokens']:11,} tokens {split['windows']:9,} windows"
        for name, split in splits.items()
    ]
    return "\n".join(lines)
