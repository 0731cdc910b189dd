"""A trained model as the other rooms take it: network, vocabulary, encoding and settings that belong together."""

import dataclasses
import pathlib
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

from nabi.music import encodings
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedModel:
    """What a finished model directory holds.

    Attributes:
      model: tokens int32 [B, T] -> float32 logits [B, T, V].
      vocabulary: the tokens of its ids.
      encoding: what turns tokens into songs.
      config: `config.json`: `train`, `dataset`, `target` ...
      marks: the fingerprints of COMPLETED: `request`, `content`.
    """

    model: "keras.Model"
    vocabulary: Vocabulary
    encoding: encodings.Encoding
    config: dict[str, Any]
    marks: dict[str, str]


def load(folder: str) -> TrainedModel:
    """Opens a finished model directory.

    Raises:
      ValueError: if it is unfinished, or its vocabulary is not the one that the model was trained with.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    marks = paths.require_completed(folder, "model", f"python -m trainer.task --model_dir {folder}")
    config = paths.read_object(storage.join(folder, paths.CONFIG), "vocabulary", "encoding")
    vocabulary = load_vocabulary(folder)
    if vocabulary.fingerprint != config["vocabulary"]:
        raise ValueError(
            f"{folder}: {paths.VOCABULARY} has the fingerprint {vocabulary.fingerprint}, but the model was trained "
            f"with {config['vocabulary']}: put its own vocabulary back, or train again"
        )
    model = load_model(storage.join(folder, paths.MODEL))
    size = model.output_shape[-1]
    if size != len(vocabulary):
        raise ValueError(
            f"{folder}: {paths.MODEL} predicts {size} tokens, but {paths.VOCABULARY} has {len(vocabulary)}: "
            "put the files of one training run together, or train again"
        )
    return TrainedModel(model, vocabulary, encodings.from_settings(config["encoding"]), config, marks)


def load_vocabulary(folder: str) -> Vocabulary:
    """The vocabulary of a dataset or model directory; raises ValueError or StorageError naming the file."""
    path = storage.join(folder, paths.VOCABULARY)
    try:
        return Vocabulary.from_json(storage.read_text(path))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def load_model(path: str) -> "keras.Model":
    """A `.keras` file, local or not, in safe mode: nothing in it may run code of its own."""
    # Slow to import: every refusal above comes without it.
    import keras

    # Keras opens local files only.
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, paths.MODEL)
        copy.write_bytes(storage.read_bytes(path))
        try:
            return keras.models.load_model(copy, compile=False, safe_mode=True)
        # Of the zip file too, which NotImplementedError (a RuntimeError) may be said of.
        except (ValueError, OSError, KeyError, TypeError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
            said = str(error).partition("\n")[0].replace(str(copy), path)
            raise ValueError(f"{path} is not a model that Keras can load: {said}") from error


def save_model(model: "keras.Model", path: str) -> None:
    """Publishes a model as a `.keras` file, local or not."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, paths.MODEL)
        model.save(copy)
        storage.write_bytes(path, copy.read_bytes())
