"""Builds a dataset directory: checks the request, runs the pipeline, checks its totals, and writes COMPLETED last."""

import dataclasses
import functools
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nabi.beam import failures
from nabi.beam.options import beam_options, cores_of_a_worker, hands_over, open_pipeline
from nabi.music import vocabulary
from nabi.workspace import directories, kept_songs, paths, storage
from pipelines.config import PreprocessConfig
from pipelines.dataset_report import report_page
from pipelines.preprocessing import dataset_check
from pipelines.reading import dataset_settings, progress, sources

# Rows per file: a listing file is one element of the pipeline, a ledger file is sorted in memory.
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
    """Builds a dataset directory, unless a finished one of the same request is there.

    Args:
      config: input and settings.
      output: the dataset directory.
      overwrite: allows deleting a finished dataset of another request.
      reuse: a finished dataset that kept its songs (see `nabi.workspace.directories.find`): files of the same bytes
        are not read again; the dataset is the same as without it.
      options: Beam's PipelineOptions; None runs on this machine.

    Returns:
      The content of `dataset.json`; {} if the runner finishes the job without this process.

    Raises:
      ValueError, StorageError: before work starts, if input, settings or output are wrong.
      dataset_check.UnusableError: if the finished pipeline's output is no dataset; the ledger is written.
      failures.JobError: if the pipeline fails, such as on a full disk or a lost cluster.
    """
    began = time.monotonic()
    listing = sources.expand(config.input, config.divisors)
    request = request_of(config, listing)
    if not paths.begin(output, "dataset", request, overwrite):
        logging.info("%s is there already, made of the same input and settings: nothing to do", output)
        return _read_description(output)
    logging.info("reading %d files into %s", len(listing), output)
    reuse = reusable(reuse, config) if reuse else ""
    finish = functools.partial(_finish, output=output, config=config, request=request, reuse=reuse)
    description = _run_and_finish(listing, output, options or beam_options([]), finish, config=config, reuse=reuse)
    if description:
        logging.info("%s", summary(description, time.monotonic() - began))
    return description


def _read_description(output: str) -> dict[str, Any]:
    description: dict[str, Any] = paths.read_json(storage.join(output, paths.DATASET))
    return description


def reusable(folder: str, config: PreprocessConfig) -> str:
    """Returns the directory if its kept songs are those that these settings would read, else "", logging why.

    Raises:
      ValueError: if `folder` names no finished dataset (see `nabi.workspace.directories.find`).
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
    """Fingerprints what decides the dataset: settings, the reader's version, and all sources with their marks."""
    rows = map(dataclasses.astuple, listing)
    return paths.fingerprint_all(
        itertools.chain([dataset_settings.content_settings(config), dataset_check.READER_VERSION], rows)
    )


def _run_and_finish(
    listing: Sequence[sources.Source],
    output: str,
    options: Any,
    finish: Callable[[str], dict[str, Any]],
    **transform: Any,
) -> dict[str, Any]:
    """Runs the pipeline, then `finish`, as the pipeline's last step where the runner outlives this process."""
    handed_over = hands_over(options)
    totals_path = _run_pipeline(listing, output, options, finish if handed_over else None, **transform)
    if handed_over:
        logging.info("handed over: the work ends by itself, with %s", storage.join(output, paths.COMPLETED))
        return {}
    return finish(totals_path)


def _run_pipeline(
    listing: Sequence[sources.Source],
    output: str,
    options: Any,
    finish: Callable[[str], object] | None,
    **transform: Any,
) -> str:
    """Runs the pipeline and returns the path of the totals that it writes; `finish`, if given, is its last step.

    Args:
      listing: all sources.
      output: the dataset directory.
      options: Beam's PipelineOptions.
      finish: takes the path of the totals.
      transform: `config` and `reuse` of `pipelines.preprocessing.transforms.BuildDataset`.
    """
    import apache_beam as beam

    from pipelines.preprocessing import transforms

    staging = storage.join(output, paths.STAGING)
    storage.delete(staging)
    listings = _write_listings(listing, staging)
    ledger_shards = -(-len(listing) // _LEDGER_ROWS)
    totals_path = storage.join(staging, "totals.json")
    run_again = "nothing is published: the same command begins anew"
    with failures.explained(run_again), progress.shown(staging, len(listing)), open_pipeline(options) as pipeline:
        totals = (
            pipeline
            | "Listings" >> beam.Create(listings)
            | "BuildDataset"
            >> transforms.BuildDataset(
                folder=output, ledger_shards=ledger_shards, processes=cores_of_a_worker(options), **transform
            )
            | "WriteTotals" >> beam.Map(_write_totals, totals_path)
        )
        if finish:
            _ = totals | "Finish" >> beam.Map(finish)
    return totals_path


def _write_listings(listing: Sequence[sources.Source], staging: str) -> list[str]:
    """Writes the sources to files of `_LISTING_ROWS` each and returns their paths."""
    listing_paths = []
    for begin in range(0, len(listing), _LISTING_ROWS):
        listing_paths.append(storage.join(staging, f"listing-{begin:09d}.jsonl"))
        rows = [dataclasses.asdict(source) for source in listing[begin : begin + _LISTING_ROWS]]
        paths.write_rows(listing_paths[-1], rows)
    return listing_paths


def _write_totals(totals: Any, path: str) -> str:
    paths.write_json(path, totals)
    return path


def _finish(totals_path: str, *, output: str, config: PreprocessConfig, request: str, reuse: str) -> dict[str, Any]:
    """Checks a pipeline's totals and writes the files that complete the directory; a finished one is left as it is."""
    # A runner may run its last step twice.
    if paths.completed(output):
        return _read_description(output)
    totals = paths.read_json(totals_path)
    if reuse:
        files = sum(totals["files"].values())
        logging.info("%d of %d files were read before (%s)", totals["reused"].get("songs", 0), files, reuse)
    dataset_check.check(totals, config.max_lost_fraction, storage.join(output, f"{paths.LEDGER}-*.jsonl"))
    return _complete(output, config, totals, request)


def _complete(output: str, config: PreprocessConfig, totals: Any, request: str) -> dict[str, Any]:
    tokens = vocabulary.Vocabulary.from_json(storage.read_text(storage.join(output, paths.VOCABULARY)))
    description = dataset_check.describe(config, totals, request=request, vocabulary=tokens)
    if len(tokens) and description["splits"].get("validation", {}).get("songs") == 0:
        logging.warning(
            "fewer than 3 songs: all are in training, so nothing can be said of music the model has not seen"
        )
    paths.write_json(storage.join(output, paths.DATASET), description)
    report_page.write(output)
    storage.delete(storage.join(output, paths.STAGING))
    paths.complete(output, {"request": request, "content": description["content"]})
    return description


def summary(description: dict[str, Any], seconds: float) -> str:
    """Summarises a new dataset for the log: files by outcome, vocabulary size, and the size of each split.

    Args:
      description: content of `dataset.json`.
      seconds: wall time of the build.
    """
    files, splits = description["files"], description["splits"]
    lines = [
        f"done in {seconds:.0f} s: {', '.join(f'{count:,} {outcome}' for outcome, count in files.items())}; "
        f"{description['duplicates']} duplicates; {description['vocabulary_size']:,} tokens in the vocabulary"
    ]
    lines += [
        f"  {name:10} {split['songs']:7,} songs {split['tokens']:11,} tokens {split['windows']:9,} windows"
        for name, split in splits.items()
    ]
    return "\n".join(lines)
