"""Summary of the songs of a job: counts, keys, and their similarity to the training songs."""

import collections
from collections.abc import Iterable, Mapping
from typing import Any

from generator.songs_dir.part_rows import PartsSummary
from nabi.analysis.style_profile import StyleProfile
from nabi.analysis.style_reference import StyleReference

_TOTALS = ("notes", "seconds")


class SongsSummary:
    """Summary of the songs of a job, accumulated row by row in constant memory."""

    def __init__(self) -> None:
        self._profile = StyleProfile()
        self._keys: collections.Counter[str] = collections.Counter()
        self._totals = dict.fromkeys(("songs", "ended", "without_notes", *_TOTALS, "tokens"), 0)
        self._scored, self._log_likelihood = 0, 0.0
        self._low, self._high = 127, 0
        self._novelty = _Novelty()
        self._parts = PartsSummary()
        self._refused: collections.Counter[str] = collections.Counter()

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "SongsSummary":
        """Summarises rows of songs-*.jsonl."""
        summary = cls()
        for row in rows:
            summary.add(row)
        return summary

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a song's row."""
        amounts = {name: row[name] for name in _TOTALS}
        amounts |= {"songs": 1, "ended": int(row["ended"]), "without_notes": int(not row["notes"])}
        for name, amount in {**amounts, "tokens": len(row["tokens"])}.items():
            self._totals[name] += amount
        # The log-likelihood includes `<end>`, which is not among the tokens.
        self._scored += len(row["tokens"]) + int(row["ended"])
        self._log_likelihood += row["log_likelihood"]
        self._keys.update([row["key"]] if row["key"] else [])
        low, high = row["pitch_range"] or (self._low, self._high)
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._profile.add_dict(row["measured"])
        self._novelty.add(row)
        self._parts.add(row.get("parts", ()))
        self._refused.update(row["refused"])

    def as_dict(self, reference: StyleReference | None = None) -> dict[str, Any]:
        """Returns the content of `summary.json`.

        Args:
          reference: style of the training songs; None leaves out the comparison with them.
        """
        totals = {**self._totals, "seconds": round(self._totals["seconds"], 3)}
        parts = self._parts.as_dict()
        return {
            **totals,
            "log_likelihood_per_token": round(self._log_likelihood / self._scored, 6) if self._scored else None,
            "novelty": self._novelty.as_dict(),
            "refused": dict(sorted(self._refused.items())),
            "keys": dict(sorted(self._keys.items(), key=lambda row: (-row[1], row[0]))),
            "pitch_range": [self._low, self._high] if self._low <= self._high else None,
            **({"parts": parts} if parts else {}),
            **compared(self._profile, reference),
        }


class _Novelty:
    """Statistics of copies, over the songs that are long enough to have any."""

    def __init__(self) -> None:
        self._songs, self._copying, self._sum = 0, 0, 0.0
        self._lowest, self._notes, self._bars = 1.0, 0, 0.0

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a song's row, if it has columns about copies."""
        if "novelty" not in row:
            return
        self._songs += 1
        self._copying += row["novelty"] < 1
        self._sum += row["novelty"]
        self._lowest = min(self._lowest, row["novelty"])
        self._notes, self._bars = max(self._notes, row["copied_notes"]), max(self._bars, row["copied_bars"])

    def as_dict(self) -> dict[str, Any] | None:
        """Returns the statistics; None if no song is long enough."""
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
    """Compares the style of songs with that of training and validation songs.

    Returns:
      `compared_with`: numbers of `training` and `validation` songs; `figures`: see `_figures`; `distributions`: name ->
      its `counts`, its `overlap` with that of the training songs, and `validation_overlap`, the overlap of validation
      with training songs, which unseen songs of the same kind reach. Without a reference the songs alone.
    """
    distributions: dict[str, dict[str, Any]] = {
        name: {"counts": counts} for name, counts in songs.as_dict()["distributions"].items()
    }
    if reference is None:
        return {"figures": _figures({"songs": songs}), "distributions": distributions}
    sets = {"training": reference.train, "validation": reference.validation}
    for key, profile in (("overlap", songs), ("validation_overlap", reference.validation)):
        for name, value in profile.overlaps(reference.train).items():
            distributions[name][key] = None if value is None else round(value, 4)
    counts = {name: profile.songs for name, profile in sets.items()}
    return {
        "compared_with": counts,
        "figures": _figures({"songs": songs, **sets}) if songs.songs else {},
        "distributions": distributions,
    }


def _figures(sets: Mapping[str, StyleProfile]) -> dict[str, dict[str, float]]:
    """Returns name -> its mean over the songs of each set, and `training_spread`, its standard deviation over training.

    A set none of whose songs has the figure is left out.
    """
    figures: dict[str, dict[str, float]] = {}
    for name, profile in sets.items():
        for figure, values in profile.as_dict()["figures"].items():
            spread = {"training_spread": values["spread"]} if name == "training" else {}
            figures.setdefault(figure, {}).update({name: values["mean"], **spread})
    return figures
