"""Compiles what the page must know of a model into tables by id, so that its script knows no encoding's spelling."""

from typing import TYPE_CHECKING, Any

import numpy as np

from generator.sampling.frame_mask import FrameMask
from generator.sampling.grammar import Grammar
from generator.sampling.token_content import TokenContents
from nabi.music import keys
from nabi.music.encodings import Bars, Encoding, Events, Voices
from nabi.music.encodings.metred import LONGEST_BAR, METERS, MOST_BARS, Metred
from nabi.music.encodings.token_kinds import pitches_named, pitches_of
from nabi.music.phrase_tokens import LONGEST_PHRASE
from nabi.music.scales import SCALES, TONICS, Key
from nabi.networks.memory_layers import looked_up, memory_of
from nabi.networks.song_memory import PAST, candidates

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel

# Encodings whose songs the page writes and reads.
ENCODINGS = (Voices.name, Bars.name, Events.name)


def compiled(model: "TrainedModel") -> dict[str, Any]:
    """Returns the tables, ready for JSON; lists by id have V numbers.

    `encoding`, `quarter` (its ticks) and `divisors`; `tokens`, the texts; `marks`: whether songs begin and end; rows of
    the grammar, [K][V], `next` and `legal`; by id `ticks`, `notes` (how many it strikes), `pitches` (of what it strikes
    or holds), `named` (and of a cadence), `durations`, `held` and `phrases` (0 or 1); `bars`, the ids that number bars;
    `frame`, of encodings with bars; `memory`, of networks with one; `keys`; and `key_names` and `key_profiles`, by
    which the key of a song is found.
    """
    vocabulary, encoding = model.vocabulary, model.encoding
    marks = model.config["dataset"]["song_marks"]
    grammar = Grammar.of(vocabulary, encoding, ends=marks)
    contents = TokenContents.of(vocabulary, encoding)
    tokens = vocabulary.tokens[vocabulary.special :]
    special: list[Any] = [0] * vocabulary.special
    empty: list[Any] = [[] for _ in special]
    return {
        "encoding": encoding.name,
        "quarter": encoding.ticks_per_quarter,
        "divisors": list(encoding.divisors),
        "tokens": list(vocabulary.tokens),
        "marks": marks,
        "next": grammar.next_KxV.tolist(),
        "legal": grammar.legal_KxV.astype(int).tolist(),
        "ticks": contents.ticks_V.tolist(),
        "notes": contents.notes_V.tolist(),
        "pitches": empty + [list(pitches_of(encoding, token)) for token in tokens],
        "named": empty + [list(pitches_named(encoding, token)) for token in tokens],
        "durations": special + [_duration(encoding, token) for token in tokens],
        "held": contents.is_held_V.astype(int).tolist(),
        "phrases": contents.is_phrase_V.astype(int).tolist(),
        "bars": list(contents.bars),
        "frame": _frame(model) if isinstance(encoding, Metred) else None,
        "memory": _memory(model),
        "keys": list(map(_key, _keys())),
        "key_names": list(keys.KEY_NAMES),
        "key_profiles": keys.PROFILES.tolist(),
    }


def _duration(encoding: Encoding, token: str) -> int:
    if isinstance(encoding, Metred):
        return encoding.duration(token)
    return encoding.duration(token) if isinstance(encoding, Events) else 0


def _frame(model: "TrainedModel") -> dict[str, Any]:
    """Returns what the mask of the frame, and the writing of bars and phrases, look up."""
    assert isinstance(model.encoding, Metred)
    mask = FrameMask.of(model.vocabulary, model.encoding)
    names = ("sounds", "bars", "meters", "lasts", "phrases", "cadences", "returns", "places")
    return {
        **{name: mask.tables[name].astype(int).tolist() for name in names},
        **{f"is_{name}": marks.astype(int).tolist() for name, marks in mask.is_V.items()},
        "most_bars": MOST_BARS,
        "longest_bar": LONGEST_BAR,
        "longest_phrase": LONGEST_PHRASE,
        "meter_names": list(METERS),
    }


def _memory(model: "TrainedModel") -> dict[str, Any] | None:
    """Returns what a network's memory tells and how it is taken in; None without a memory."""
    memory = memory_of(model.model)
    if not memory:
        return None
    names = memory.names
    return {
        "tables": {name: values.astype(int).tolist() for name, values in memory.tables.items()},
        "kind": [int(row.argmax()) if row.any() else -1 for row in memory.kinds_VxK],
        "kinds": int(memory.kinds_VxK.shape[1]),
        "names": list(names),
        "past": [name for name in names if name in PAST],
        "candidates": candidates(names),
        "sources": [list(source) for source in looked_up(names)],
        # 1 more than the pitch that an id strikes or says of a cadence.
        "scored": np.where(memory.strikes_V > 0, memory.pitches_V, memory.cadences_V).astype(int).tolist(),
    }


def _keys() -> list[Key]:
    """Lists the keys of all scales with a tonic, major and minor first."""
    tonics = range(len(TONICS["major"]))
    return [Key(tonic, scale) for scale in SCALES if Key(0, scale).mode and scale != "chromatic" for tonic in tonics]


def _key(key: Key) -> dict[str, Any]:
    """Describes a key: its name, its scale, its pitch classes, the key that songs must be heard in, and whether songs
    are moved into it."""
    judged = keys.major_or_minor(key) if keys.is_recognised(key) else None
    opening = keys.major_or_minor(key)
    return {
        "name": str(key),
        "scale": key.scale,
        "classes": sorted(key.classes),
        "judged": keys.KEY_NAMES.index(judged) if judged else -1,
        "opening": keys.KEY_NAMES.index(opening) if opening else -1,
        "moves": key.scale in ("major", "minor"),
    }
