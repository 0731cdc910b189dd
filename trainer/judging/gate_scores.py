"""Losses of a model on songs, one by one, comparable between models of different vocabularies."""

import numpy as np
import numpy.typing as npt

from nabi.music import windows
from nabi.music.song import Song
from nabi.music.vocabulary import UNKNOWN
from nabi.networks.trained_model import TrainedModel
from trainer.data.window_arrays import Windows
from trainer.data.window_mode import WindowMode
from trainer.evaluation.scoring import Evaluator


def nats_of_songs(model: TrainedModel, songs: list[Song]) -> npt.NDArray[np.float64]:
    """Measures a model's loss on each song, in nats, float64 [songs].

    A token that the vocabulary lacks, which the model cannot predict, costs as much as a uniform guess among all
    tokens, so that no model gains by a smaller vocabulary.

    Args:
      model: its encoding must be lossless for the songs.
      songs: of at least 2 tokens each.
    """
    mode, settings = WindowMode.from_config(model.config["train"]), model.config["dataset"]
    stride = settings["stride"] if mode.overlapping or mode.one_window else settings["window"]
    ids_of_songs = [ids_of(model, song) for song in songs]
    cut = [windows.cut(ids, settings["window"], stride) for ids in ids_of_songs]
    tokens, starts = (np.concatenate(parts) for parts in zip(*cut, strict=True))
    evaluator = Evaluator(
        model.model,
        Windows(tokens.astype(np.int32), starts),
        last_only=mode.last_only,
        carried=not mode.one_window,
    )
    scores = evaluator.tokens(model.model.get_weights())
    nats = np.bincount(scores.song, -scores.log_probability.astype(np.float64), len(songs))
    unknown = np.array([np.count_nonzero(ids == UNKNOWN) for ids in ids_of_songs])
    return nats + unknown * np.log(len(model.vocabulary))


def ids_of(model: TrainedModel, song: Song) -> npt.NDArray[np.int64]:
    """Encodes a song with the model's vocabulary as preprocessing does, int64 [L]."""
    tokens = model.encoding.spell(model.encoding.encode(song), model.vocabulary.ids)
    ids = model.vocabulary.encode(tokens)
    return windows.mark(ids) if model.config["dataset"]["song_marks"] else ids


def comparable(champion: TrainedModel, challenger: TrainedModel) -> str:
    """Explains in a sentence why the losses of two models cannot be compared; "" if they can."""
    configs = (challenger.config, champion.config)
    for key in ("encoding", "song_marks"):
        new, old = (config["dataset"][key] for config in configs)
        if new != old:
            return f"the challenger was made with {key} {new}, the champion with {old}"
    modes = [(WindowMode.from_config(config["train"]), config["dataset"]["window"]) for config in configs]
    if any(mode.last_only for mode, _ in modes) and modes[0] != modes[1]:
        return "one of the models predicts only the last token of a window, so that they predict different tokens"
    return ""
