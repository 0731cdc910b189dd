"""`python -m docs.notebook`: writes docs/nabi.ipynb from the cells below, without outputs."""

import json
import pathlib
from typing import Any

PAGE = pathlib.Path(__file__).with_name("nabi.ipynb")

TITLE = """# Nabi: a model that composes, from your MIDI files

Run the cells from the top, in Jupyter or in Colab: first songs of the model that comes with Nabi; then Bach's
chorales become a dataset, a small LSTM learns from them for two minutes and makes songs of its own. Then put your
own music in the place of Bach's: `MUSIC` below.

In Colab a GPU is quicker and not needed: Runtime > Change runtime type > T4 GPU, before the first cell."""

PARAMETERS = """# Files, folders or archives of MIDI, MusicXML, ABC or Humdrum, such as "/content/midi".
MUSIC = "corpus:bach-chorales"
# How music is written, what the network is like, and how it samples: `piano`, `tunes`, `band` ... for other music.
RECIPE = "chorales"
# Steps of training: 600 take about two minutes on two cores. The recipe's own number is 2000.
STEPS = 600
SONGS = 4
# A MIDI file to go on from; "" goes on from the first song that the model makes.
PRIMER = ""
# All that this notebook writes.
FOLDER = "nabi-notebook"
# The address of Nabi's repository for `git clone`, where Nabi is not installed and this notebook was opened alone.
REPOSITORY = \"\""""

INSTALLING = """## Install

If the kernel is that of `make run`'s `.venv`, all is there. Otherwise Nabi gets an environment of its own,
`nabi-env`, and nothing of the kernel's, or of Colab's, changes: about two minutes."""

INSTALL = """import importlib.util
import pathlib
import shutil
import sys

if importlib.util.find_spec("nabi"):
    PYTHON = sys.executable
else:
    PYTHON = pathlib.Path("nabi-env/bin/python").absolute()
    SOURCE = ".." if pathlib.Path("../setup.py").exists() else "nabi-source"
    if not pathlib.Path(SOURCE).exists():
        !git clone --quiet {REPOSITORY} {SOURCE}
    TENSORFLOW = "newest" if sys.version_info >= (3, 13) else "gpu" if shutil.which("nvidia-smi") else "cpu"
    UV = f"{sys.executable} -m uv"
    !{sys.executable} -m pip install --quiet uv
    !{UV} venv --quiet --clear --python {sys.executable} nabi-env
    # In Nabi's folder uv leaves out what only live playback needs (pyproject.toml says what).
    !cd {SOURCE} && {UV} pip install --quiet --python {PYTHON} ".[preprocess,train,generate,{TENSORFLOW}]"

NABI = f"{PYTHON} -m nabi"
!{NABI} --version"""

LISTENING = """## Listen

Songs of the model that comes with Nabi, which was trained on Bach's chorales: each with its key, its length, what
it has in common with a training song, its piano roll and a player."""

LISTEN = '''import json

from IPython.display import Audio, Image, Markdown, display


def show(folder):
    """Shows the songs of a finished songs directory, each with its picture and a player."""
    assert pathlib.Path(folder, "COMPLETED").exists(), "there are no songs: what went wrong stands above"
    for path in sorted(pathlib.Path(folder).glob("songs-*.jsonl")):
        for song in map(json.loads, path.read_text().splitlines()):
            copied = f"{song['copied_share']:.0%} of its notes stand in a training song"
            display(Markdown(f"**Song {song['song']}**: {song['key']}, {song['seconds']:.0f} s, {copied}"))
            display(Image(f"{folder}/{song['picture']}"), Audio(f"{folder}/{song['audio']}"))


!{NABI} play --output {FOLDER}/first-songs --num_songs {SONGS}
show(f"{FOLDER}/first-songs")'''

MAKING = """## Music becomes tokens

Each file is read, and each has a row in a ledger: read, or left out and why. Songs are split for training,
validation and test, near-duplicates together."""

DATASET = """!{NABI} preprocess --recipe {RECIPE} --input "{MUSIC}" --output {FOLDER}/dataset
!{NABI} ledger {FOLDER}/dataset --slowest 0"""

TRAINING = """## Two minutes of training

Interrupt it whenever you like (the square): run again, the cell goes on from its last checkpoint. All GPUs that
TensorFlow finds are used."""

TRAIN = """!{NABI} train --recipe {RECIPE} --steps {STEPS} --data {FOLDER}/dataset --model_dir {FOLDER}/model"""

JUDGING = """How well does it predict songs that it never saw? In nats a token (less is better), beside the best
n-gram on the same tokens; and the loss while it learned."""

FIGURES = """metrics = json.loads(pathlib.Path(FOLDER, "model", "metrics.json").read_text())
ngram = metrics["best_ngram"]["name"]
for split in ("validation", "test"):
    print(f"{split:12}{metrics[split]['loss_nats']:8.3f}   {ngram} {metrics['baselines'][split][ngram]:.3f}")
display(Image(f"{FOLDER}/model/curves.png", width=700))"""

SINGING = """## Its songs"""

SING = """!{NABI} generate --model {FOLDER}/model --output {FOLDER}/songs --num_songs {SONGS}
show(f"{FOLDER}/songs")"""

ASKING = """## Go on from a file, in a key

Two ways on from the first bars of `PRIMER`. `nabi generate --help` lists what else you can ask for: keys
(`--key "D minor"`), range, length, density, tempo, instruments, a melody to harmonize, a band to play with."""

ASK = """primer = PRIMER or f"{FOLDER}/songs/song-00000.mid"
WAYS_ON = f"--num_songs 2 --variations 2 --primer '{primer}' --primer_bars 2"
!{NABI} generate --model {FOLDER}/model --output {FOLDER}/ways-on {WAYS_ON}
show(f"{FOLDER}/ways-on")"""

KEEPING = """## Take it with you

A zip of the songs, for any DAW. To train on your own music, drag a folder or a zip of it into the file browser
at the left, set `MUSIC` and another `FOLDER` above, and run all. With a GPU, or with patience, take the
recipe's own number of steps, or the recipe `chorales-large`. docs/guide.md goes on from here, docs/api.md has
the same from Python."""

KEEP = """print(shutil.make_archive(f"{FOLDER}/songs", "zip", f"{FOLDER}/songs"))"""

# Kind, text and tags of each cell; papermill and tests replace the values of the cell with the tag `parameters`.
CELLS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("markdown", TITLE, ()),
    ("code", PARAMETERS, ("parameters",)),
    ("markdown", INSTALLING, ()),
    ("code", INSTALL, ()),
    ("markdown", LISTENING, ()),
    ("code", LISTEN, ()),
    ("markdown", MAKING, ()),
    ("code", DATASET, ()),
    ("markdown", TRAINING, ()),
    ("code", TRAIN, ()),
    ("markdown", JUDGING, ()),
    ("code", FIGURES, ()),
    ("markdown", SINGING, ()),
    ("code", SING, ()),
    ("markdown", ASKING, ()),
    ("code", ASK, ()),
    ("markdown", KEEPING, ()),
    ("code", KEEP, ()),
)


def main() -> None:
    """Writes the notebook."""
    PAGE.write_text(notebook(), encoding="utf-8")


def notebook() -> str:
    """Returns the notebook as JSON (https://nbformat.readthedocs.io/en/latest/format_description.html, 4.5)."""
    content = {
        "cells": [_cell(number, *cell) for number, cell in enumerate(CELLS)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, kind: str, text: str, tags: tuple[str, ...]) -> dict[str, Any]:
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": kind,
        "id": f"cell-{number:02}",
        "metadata": metadata,
        **code,
        "source": text.splitlines(keepends=True),
    }


if __name__ == "__main__":
    main()
