"""`python -m pipelines`: the commands of this package."""

import sys

from nabi.workspace import commands

COMMANDS = {
    "retrain": "all jobs in order, by hand or on a schedule: music -> dataset, model, songs",
    "preprocess": "MIDI files -> a dataset to train on",
    "ledger": "what became of each file of a dataset: read, filtered or lost, and why",
    "report": "writes a dataset's report.html again",
    "export": "a dataset as Parquet, JSON lines, TensorFlow Datasets or arrays for PyTorch",
    "promote": "names a run the champion, if trainer.gate found it better (pipelines.retrain does)",
}

if __name__ == "__main__":
    sys.exit(commands.overview("pipelines", "Music -> a dataset, and all jobs in order.", COMMANDS))
