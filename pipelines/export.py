"""`python -m pipelines.export DATASET --to FORMAT --output DIR`: a dataset as files that other tools load."""

import dataclasses
from collections.abc import Sequence

from nabi.pages.markup import count
from nabi.workspace import directories, job_exit, logs, paths, storage
from nabi.workspace.commands import Parser, refusing

FORMATS = ("parquet", "jsonl", "tfds", "torch")
# To be raised whenever the same dataset gives other files.
_VERSION = 1
_EXAMPLES = """examples:
  python -m pipelines.export runs/mine/dataset --to parquet --output runs/mine/parquet
  python -m pipelines.export runs/mine/dataset --to torch --output gs://BUCKET/mine

parquet: tables of songs and of windows with a card: Hugging Face's `datasets` loads the folder.
jsonl: a song a line, as tokens and as ids, with the same card; no windows, which overlap and which anybody can cut.
tfds: the record files with their description: `tensorflow_datasets.builder_from_directory` opens the folder.
torch: all windows of a split as one array, SPLIT.npy, which PyTorch, JAX and NumPy map into memory.

Each has README.md, with the code that opens it, vocabulary.json, and the file and the licence of each song. The
dataset may be larger than memory. Started again, a job that was cut off writes its files again.
"""


@refusing("export")
def main(arguments: Sequence[str] | None = None) -> int:
    """Parses flags and exports; returns the exit status: 0, or 2 after a sentence about wrong input."""
    flags = _parser().parse_args(arguments)
    logs.start()
    logs.say(run(data=flags.dataset, to=flags.to, output=storage.folder(flags.output)))
    return 0


def run(*, data: str, to: str, output: str) -> str:
    """Exports a dataset, unless a finished export of it is there; the same dataset gives the same bytes.

    Args:
      data: the dataset; see `nabi.workspace.directories.find`.
      to: the format, one of `FORMATS`.
      output: the directory to write, local or gs://; it must be empty or missing, or of the same export.

    Returns:
      A line that describes the result.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    # These take half a second to import: flags and their help do without.
    from pipelines.exporting import dataset_card
    from pipelines.exporting.dataset_reader import open_dataset
    from pipelines.exporting.formats import MAKERS
    from pipelines.exporting.tally import Tally

    dataset = open_dataset(data)
    request = paths.fingerprint([_VERSION, dataset.content, to])
    if not _begin(output, request):
        return f"{output} is there already, made of the same dataset: nothing to do"
    maker, tally = MAKERS[to], Tally(sum(split["windows"] for split in dataset.counts.values()))
    # The card comes first: with its counts `datasets` refuses a folder that was cut off.
    storage.write_text(storage.join(output, "README.md"), dataset_card.text(dataset, maker, tally.sizes))
    storage.write_text(storage.join(output, paths.VOCABULARY), dataset.vocabulary.to_json())
    maker.write(dataset, output, tally)
    # A song too short for a window is in no record: those that were written count.
    counts = {split: {**counted, "songs": tally.songs[split]} for split, counted in dataset.counts.items()}
    card = dataset_card.text(dataclasses.replace(dataset, counts=counts), maker, tally.sizes)
    storage.write_text(storage.join(output, "README.md"), card)
    paths.complete(output, {"request": request, "content": dataset.content})
    return f"{count(tally.songs.total(), 'song')}, {count(tally.windows.total(), 'window')} as {to}: {output}"


def _begin(output: str, request: str) -> bool:
    """Prepares the directory as `nabi.workspace.paths.begin` does, and never deletes what another job made or began."""
    unfinished = storage.join(output, paths.UNFINISHED)
    marks = paths.completed(output) or (paths.read_json(unfinished) if storage.exists(unfinished) else None)
    if marks and marks.get("request") != request:
        raise ValueError(f"--output {output} holds what another job made, or began: give an empty or a new folder")
    return paths.begin(output, "export", request, overwrite=False)


def _parser() -> Parser:
    parser = Parser("python -m pipelines.export", description=__doc__, examples=_EXAMPLES)
    parser.add_argument("dataset", metavar="DATASET", help=directories.DATASET.accepted)
    parser.add_argument("--to", required=True, choices=FORMATS, help="format of the files")
    parser.add_argument("--output", required=True, help="directory to write, empty or new; local or gs://")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "export")
