"""Tiny model directories in the shape of DESIGN's contract, untrained."""

import pathlib
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
    import keras

    from nabi.networks import network, trained_model

    encoding = encoding or Events()
    vocabulary = vocabulary_of(encoding, tokens)
    keras.utils.set_random_seed(seed)
    blocked = vocabulary.unpredicted(song_marks=song_marks)
    model = network.build(
        network.Architecture(
            vocabulary_size=len(vocabulary), embedding=8, units=8, layers=2, dropout=0.1, blocked=tuple(blocked)
        )
    )
    trained_model.save_model(model, str(folder / paths.MODEL))
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
