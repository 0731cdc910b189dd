"""The formats of an export: who writes the files, what `datasets` loads of them, and the code that opens them."""

import dataclasses
import json
from collections.abc import Callable

from pipelines.exporting import arrays, json_lines
from pipelines.exporting.dataset_reader import DatasetReader
from pipelines.exporting.tally import Tally

_HUGGING_FACE = """With Hugging Face's `datasets`, which compares the rows of each split with the numbers above:

```python
import datasets

songs = datasets.load_dataset("FOLDER", "songs", split="train")
```

With Nabi a song is music again:

```python
import nabi

nabi.write(nabi.decode(songs[0]["tokens"], {encoding}), "song.mid")
```"""

_TFDS = """The record files are TFRecords of `tf.train.Example`, the bytes that Nabi's trainer reads; songs.jsonl has
the songs of the windows, in order. With TensorFlow Datasets, which needs no code for it:

```python
import tensorflow_datasets

builder = tensorflow_datasets.builder_from_directory("FOLDER")
windows = builder.as_dataset(split="train")
```"""

_TORCH = """`SPLIT.npy` has all windows of a split, int32 [windows, window + 1]; songs.jsonl has the songs of the
windows, in order. The array is mapped into memory, so that any order is quick and it need not fit. With PyTorch:

```python
import numpy
import torch

windows = torch.from_numpy(numpy.load("FOLDER/train.npy", mmap_mode="c"))
dataset = torch.utils.data.TensorDataset(windows[:, :-1], windows[:, 1:])
loader = torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)
inputs, targets = (ids.long() for ids in next(iter(loader)))
```

A loss leaves out the targets 0 (`<pad>`) and 1 (`<unk>`)."""


@dataclasses.dataclass(frozen=True)
class Maker:
    """Makes the export of a format.

    Attributes:
      write: writes the files of a dataset to a directory, and counts them.
      usage: what the files are, and code that opens them, as Markdown; `{encoding}` stands for the encoding.
      tables: names of the tables that `datasets` loads, the default first.
      ending: of their files.
    """

    write: Callable[[DatasetReader, str, Tally], None]
    usage: str
    tables: tuple[str, ...] = ()
    ending: str = ""

    def usage_of(self, dataset: DatasetReader) -> str:
        """Returns the usage for a dataset, with its encoding as arguments of `nabi.decode`."""
        settings = dict(dataset.settings["encoding"])
        arguments = [json.dumps(settings.pop("name")), *(f"{name}={value!r}" for name, value in settings.items())]
        return self.usage.replace("{encoding}", ", ".join(arguments))


def _write_parquet(dataset: DatasetReader, output: str, tally: Tally) -> None:
    """Writes Parquet, the only format that needs PyArrow, which the demo's environment has not."""
    from pipelines.exporting import tables

    tables.write_parquet(dataset, output, tally)


# Of the formats of `pipelines.export.FORMATS`.
MAKERS = {
    "parquet": Maker(_write_parquet, _HUGGING_FACE, ("songs", "windows"), ".parquet"),
    "jsonl": Maker(json_lines.write_json_lines, _HUGGING_FACE, ("songs",), ".jsonl"),
    "tfds": Maker(arrays.write_tfds, _TFDS),
    "torch": Maker(arrays.write_npy, _TORCH),
}
