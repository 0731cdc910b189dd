"""Tiny model directories in the shape of DESIGN's contract, untrained."""

import functools
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from nabi.music.encodings import Encoding, Events
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths

CONTENT = "0123456789abcdef"


def vocabulary_of(encoding: Encoding, tokens: Sequence[str] = ()) -> Vocabulary:
    """The tokens in order, then what the encoding requires; each counts 1."""
    ordered = list(dict.fromkeys([*tokens, *encoding.required()]))
    return Vocabulary.from_ordered(ordered, dict.fromkeys(ordered, 1))


def write_model(
    folder: pathlib.Path,
    *,
    encoding: Encoding | None = None,
    tokens: Sequence[str] = (),
    song_marks: bool = True,
    target: str = "every",
    window: int = 8,
    data: str = "",
    train: Mapping[str, object] | None = None,
    seed: int = 0,
) -> str:
    """Publishes a model of 2 x 8 units; equal arguments give equal weights."""
    encoding = encoding or Events()
    vocabulary = vocabulary_of(encoding, tokens)
    blocked = vocabulary.unpredicted(song_marks=song_marks)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / paths.MODEL).write_bytes(_network(len(vocabulary), tuple(blocked), seed))
    (folder / paths.VOCABULARY).write_text(vocabulary.to_json())
    config: dict[str, Any] = {
        "encoding": encoding.settings(),
        "vocabulary": vocabulary.fingerprint,
        "dataset": {
            "encoding": encoding.settings(),
            "window": window,
            "song_marks": song_marks,
            "instrument": "all",
            "parser": "music21",
            "pedal": "drop",
            "time": "quarters",
            "selection": {"excerpt": None, "pitches": None, "max_silence": 32},
            "limits": {"max_tokens_per_note": 128},
        },
        "target": target,
        "content": CONTENT,
        "data": data,
        "train": dict(train or {}),
    }
    paths.write_json(str(folder / paths.CONFIG), config)
    paths.complete(str(folder), {"request": "trained", "content": CONTENT})
    return str(folder)


@functools.cache
def _network(vocabulary_size: int, blocked: tuple[int, ...], seed: int) -> bytes:
    """The file of a network, which takes Keras a second to build and to write."""
    import keras

    from nabi.networks import network, trained_model

    keras.utils.set_random_seed(seed)
    architecture = network.Architecture(
        vocabulary_size=vocabulary_size, embedding=8, units=8, layers=2, dropout=0.1, blocked=blocked
    )
    with tempfile.TemporaryDirectory() as folder:
        trained_model.save_model(network.build(architecture), f"{folder}/{paths.MODEL}")
        return pathlib.Path(folder, paths.MODEL).read_bytes()
