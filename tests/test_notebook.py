"""docs/nabi.ipynb, executed from the first cell to the last on a small budget."""

import os
import pathlib
import zipfile

import nbclient
import nbformat
import pytest

from docs import notebook
from tests import builders

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parent.parent
RECIPE = """
[preprocess]
encoding = "events"
window = 16
shards = 2
split = "0.6,0.2,0.2"

[[train]]
name = "tiny"
batch_size = 4
units = 16
embedding = 8
layers = 1
evaluate_every = 10
checkpoint_every = 10

[[generate]]
name = "short"
max_tokens = 40
"""


@pytest.fixture
def parameters(tmp_path):
    """The values of the notebook's own parameters, of a budget for tests."""
    (tmp_path / "tiny.toml").write_text(RECIPE)
    (tmp_path / "midi").mkdir()
    for number in range(12):
        (tmp_path / "midi" / f"{number}.mid").write_bytes(builders.scale(12, 48 + number))
    return {"MUSIC": str(tmp_path / "midi"), "RECIPE": str(tmp_path / "tiny.toml"), "STEPS": 20, "SONGS": 2}


def executed(parameters, folder, monkeypatch):
    """The notebook's code cells after a run in an empty folder; an error in one ends the test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    document = nbformat.read(notebook.PAGE, as_version=4)
    nbformat.validate(document)
    values = next(cell for cell in document.cells if "parameters" in cell.metadata.get("tags", ()))
    values.source += "\n" + "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    nbclient.NotebookClient(document, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return [cell for cell in document.cells if cell.cell_type == "code"]


def shown(cell):
    """How many pictures and how many players a cell shows."""
    data = [output.data for output in cell.outputs if output.output_type == "display_data"]
    return sum("image/png" in one for one in data), sum("<audio" in one.get("text/html", "") for one in data)


def text_of(cell):
    """What a cell prints."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_every_cell_does_what_it_says(parameters, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    cells = executed(parameters, tmp_path / "here", monkeypatch)
    *_, first, dataset, trained, figures, songs, ways_on, zipped = cells
    assert [shown(cell) for cell in (first, figures, songs, ways_on)] == [(2, 2), (1, 0), (2, 2), (2, 2)]
    assert "train            7 songs" in text_of(dataset)
    assert "the model of step 20 is in" in text_of(trained)
    path = zipped.outputs[0].text.strip()
    assert {"song-00000.mid", "song-00001.mp3", "index.html"} < set(zipfile.ZipFile(path).namelist())
