"""What the songs of a job are like, all together: counts, keys, and how near they are to the training songs."""

import collections
from collections.abc import Iterable, Mapping
from typing import Any

from nabi.analysis.style_profile import StyleProfile
from nabi.analysis.style_reference import StyleReference

_TOTALS = ("notes", "seconds")


class SongsSummary:
    """The songs of a job, taken in row by row, in memory that does not depend on their number."""

    def __init__(self) -> None:
        self._portrait = StyleProfile()
        self._keys: collections.Counter[str] = collections.Counter()
        self._totals = dict.fromkeys(("songs", "ended", "without_notes", *_TOTALS, "tokens"), 0)
        self._scored, self._log_likelihood = 0, 0.0
        self._low, self._high = 127, 0
        self._novelty = _Novelty()
        self._refused: collections.Counter[str] = collections.Counter()

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "SongsSummary":
        """The summary of rows of songs-*.jsonl."""
        summary = cls()
        for row in rows:
            summary.add(row)
        return summary

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes in a song's row."""
        more = {name: row[name] for name in _TOTALS}
        more |= {"songs": 1, "ended": int(row["ended"]), "without_notes": int(not row["notes"])}
        for name, amount in {**more, "tokens": len(row["tokens"])}.items():
            self._totals[name] += amount
        # `<end>` has its likelihood and is no token of the row.
        self._scored += len(row["tokens"]) + int(row["ended"])
        self._log_likelihood += row["log_likelihood"]
        self._keys.update([row["key"]] if row["key"] else [])
        low, high = row["pitch_range"] or (self._low, self._high)
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._portrait.add_dict(row["measured"])
        self._novelty.add(row)
        self._refused.update(row["refused"])

    def as_dict(self, reference: StyleReference | None = None) -> dict[str, Any]:
        """What `summary.json` says of the songs.

        Args:
          reference: what they are judged against; without it nothing is said of training songs.
        """
        totals = {**self._totals, "seconds": round(self._totals["seconds"], 3)}
        return {
            **totals,
            "log_likelihood_per_token": round(self._log_likelihood / self._scored, 6) if self._scored else None,
            "novelty": self._novelty.as_dict(),
            "refused": dict(sorted(self._refused.items())),
            "keys": dict(sorted(self._keys.items(), key=lambda row: (-row[1], row[0]))),
            "pitch_range": [self._low, self._high] if self._low <= self._high else None,
            **compared(self._portrait, reference),
        }


class _Novelty:
    """What the songs that are long enough to tell have copied."""

    def __init__(self) -> None:
        self._songs, self._copying, self._sum = 0, 0, 0.0
        self._lowest, self._notes, self._bars = 1.0, 0, 0.0

    def add(self, row: Mapping[str, Any]) -> None:
        if "novelty" not in row:
            return
        self._songs += 1
        self._copying += row["novelty"] < 1
        self._sum += row["novelty"]
        self._lowest = min(self._lowest, row["novelty"])
        self._notes, self._bars = max(self._notes, row["copied_notes"]), max(self._bars, row["copied_bars"])

    def as_dict(self) -> dict[str, Any] | None:
        if not self._songs:
            return None
        return {
            "songs": self._songs,
            "songs_that_copy": self._copying,
            "mean": round(self._sum / self._songs, 4),
            "lowest": self._lowest,
            "most_copied_notes": self._notes,
            "most_copied_bars": self._bars,
        }


def compared(songs: StyleProfile, reference: StyleReference | None) -> dict[str, Any]:
    """Figures and distributions of songs beside those of training and validation songs.

    Returns:
      `compared_with`: how many `training` and `validation` songs; `figures`: of each its mean over the `songs`, over
      `training` and over `validation`; `distributions`: of each the counts, its `overlap` with the training songs',
      and the `validation_overlap` of validation songs with training songs, which is as much as songs of the same
      kind that the model has not seen come to. Without a reference only what the songs are.
    """
    told = songs.as_dict()
    figures = {name: {"songs": value} for name, value in told["figures"].items()}
    distributions = {name: {"counts": counts} for name, counts in told["distributions"].items()}
    if reference is None:
        return {"figures": figures, "distributions": distributions}
    sets = {"training": reference.train, "validation": reference.validation}
    for name, portrait in sets.items():
        for figure, value in portrait.as_dict()["figures"].items():
            figures.get(figure, {})[name] = value
    for key, portrait in (("overlap", songs), ("validation_overlap", reference.validation)):
        for name, value in portrait.overlaps(reference.train).items():
            distributions[name][key] = None if value is None else round(value, 4)
    counted = {name: portrait.songs for name, portrait in sets.items()}
    return {"compared_with": counted, "figures": figures, "distributions": distributions}
