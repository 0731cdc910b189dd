"""How well a model predicts given songs, song by song, so that models of other vocabularies compare."""

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
    """The nats that a model needs for each song, float64 [songs].

    A token that its vocabulary lacks costs as much as any of all tokens would, the log of their number: no model may
    predict it, and a model must not gain by not knowing it.

    Args:
      model: whose encoding must lose nothing of the songs.
      songs: each of 2 tokens at least.
    """
    reading, settings = WindowMode.from_config(model.config["train"]), model.config["dataset"]
    stride = settings["stride"] if reading.overlapping or reading.one_window else settings["window"]
    ids = [ids_of(model, song) for song in songs]
    cut = [windows.cut(one, settings["window"], stride) for one in ids]
    tokens, starts = (np.concatenate(parts) for parts in zip(*cut, strict=True))
    evaluator = Evaluator(
        model.model,
        Windows(tokens.astype(np.int32), starts),
        last_only=reading.last_only,
        carried=not reading.one_window,
    )
    scores = evaluator.tokens(model.model.get_weights())
    nats = np.bincount(scores.song, -scores.log_probability.astype(np.float64), len(songs))
    unknown = np.array([np.count_nonzero(one == UNKNOWN) for one in ids])
    return nats + unknown * np.log(len(model.vocabulary))


def ids_of(model: TrainedModel, song: Song) -> npt.NDArray[np.int64]:
    """A song's ids, int64 [L], spelled in what the model knows, as preprocessing writes them."""
    tokens = model.encoding.spell(model.encoding.encode(song), model.vocabulary.ids)
    ids = model.vocabulary.encode(tokens)
    return windows.mark(ids) if model.config["dataset"]["song_marks"] else ids


def comparable(champion: TrainedModel, challenger: TrainedModel) -> str:
    """Why the losses of two models do not compare, in a sentence; "" if they do."""
    ours, theirs = challenger.config, champion.config
    for key in ("encoding", "song_marks"):
        new, old = (one["dataset"][key] for one in (ours, theirs))
        if new != old:
            return f"the challenger was made with {key} {new}, the champion with {old}"
    readings = [(WindowMode.from_config(one["train"]), one["dataset"]["window"]) for one in (ours, theirs)]
    if any(reading.last_only for reading, _ in readings) and readings[0] != readings[1]:
        return "one of the models predicts only the last token of a window, so that they are asked for other tokens"
    return ""
