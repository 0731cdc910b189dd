"""Loads and saves trained models: network, vocabulary, encoding and settings of a model directory."""

import dataclasses
import io
import json
import pathlib
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

from nabi.music import encodings
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage, zips

if TYPE_CHECKING:
    import keras

# Members of a `.keras` file.
WEIGHTS = "model.weights.h5"
_CONFIG = "config.json"
_METADATA = "metadata.json"
# Key of the number by which objects of `_CONFIG` are known to be the same.
_SHARED = "shared_object_id"


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedModel:
    """Content of a finished model directory.

    Attributes:
      model: the network, from tokens int32 [B, T] to float32 logits [B, T, V].
      vocabulary: its vocabulary, of V tokens.
      encoding: the encoding that decodes tokens into songs.
      config: content of `config.json`: `train`, `dataset`, `target` ...
      marks: fingerprints of COMPLETED: `request`, `content`.
    """

    model: "keras.Model"
    vocabulary: Vocabulary
    encoding: encodings.Encoding
    config: dict[str, Any]
    marks: dict[str, str]


def load(folder: str) -> TrainedModel:
    """Loads a finished model directory.

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
    # Imported here, since it is slow and an unfinished directory is refused without it.
    from nabi.networks.memory_layers import is_told_as_now

    model = load_model(storage.join(folder, paths.MODEL))
    size = model.output_shape[-1]
    if size != len(vocabulary):
        raise ValueError(
            f"{folder}: {paths.MODEL} predicts {size} tokens, but {paths.VOCABULARY} has {len(vocabulary)}: "
            "put the files of one training run together, or train again"
        )
    if not is_told_as_now(model):
        raise ValueError(f"{folder}: {paths.MODEL} has a memory of another version of Nabi: train it again")
    return TrainedModel(model, vocabulary, encodings.from_settings(config["encoding"]), config, marks)


def load_vocabulary(folder: str) -> Vocabulary:
    """Loads the vocabulary of a dataset or model directory; raises ValueError or StorageError naming the file."""
    path = storage.join(folder, paths.VOCABULARY)
    try:
        return Vocabulary.from_json(storage.read_text(path))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def load_model(path: str) -> "keras.Model":
    """Loads a `.keras` file, local or remote, in safe mode, so that it cannot run code of its own.

    Raises:
      ValueError: if Keras cannot load it.
      nabi.workspace.storage.FullDiskError: if the disk of temporary files has no room for a copy.
    """
    # Imported here, since it is slow and `load` may refuse a directory without it.
    import keras

    # Copied, since Keras opens local files only.
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, paths.MODEL)
        storage.write_bytes(str(copy), storage.read_bytes(path))
        try:
            return keras.models.load_model(copy, compile=False, safe_mode=True)
        # RuntimeError includes NotImplementedError, which zipfile raises for unknown compression.
        except (ValueError, OSError, KeyError, TypeError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
            reason = str(error).partition("\n")[0].replace(str(copy), path)
            raise ValueError(f"{path} is not a model that Keras can load: {reason}") from error


def save_model(model: "keras.Model", path: str) -> None:
    """Writes a model as a `.keras` file, local or remote; equal models give equal bytes."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, paths.MODEL)
        model.save(copy)
        members = read_members(copy.read_bytes())
    # Keras states the time at which it saved a model, and the addresses of objects in memory.
    metadata = json.loads(members[_METADATA])
    members[_METADATA] = json.dumps({key: metadata[key] for key in metadata if key != "date_saved"}).encode()
    members[_CONFIG] = json.dumps(_renumbered(json.loads(members[_CONFIG]), {})).encode()
    with storage.open_write(path) as file:
        zips.write(file, members)


def _renumbered(config: Any, numbers: dict[int, int]) -> Any:
    """Returns a network's configuration whose shared objects are numbered as they come."""
    if isinstance(config, list):
        return [_renumbered(value, numbers) for value in config]
    if not isinstance(config, dict):
        return config
    return {
        key: numbers.setdefault(value, len(numbers)) if key == _SHARED and value is not None
        else _renumbered(value, numbers)
        for key, value in config.items()
    }  # fmt: skip


def read_members(data: bytes) -> dict[str, bytes]:
    """Reads the members of a `.keras` file, name -> content."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
