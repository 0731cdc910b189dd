"""What a set of songs is like: its keys, mean figures and distributions, summed up song by song in bounded memory."""

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from nabi.analysis.histograms import BINS, Counts, distributions, overlap, read
from nabi.analysis.statistics import figures
from nabi.music.keys import KEY_NAMES, FoundKey, find_key
from nabi.music.song import Song


@dataclasses.dataclass(frozen=True)
class SongMeasurements:
    """What is measured of one song.

    Attributes:
      key: that it is in, if it has one.
      figures: see `nabi.analysis.statistics.figures`.
      distributions: see `nabi.analysis.histograms.distributions`.
    """

    key: FoundKey | None
    figures: Mapping[str, float]
    distributions: Mapping[str, Counts]

    @classmethod
    def of(cls, song: Song) -> "SongMeasurements":
        """Measures a song."""
        key = find_key(song)
        counts = distributions(song, key)
        return cls(key, figures(song, counts), counts)

    def as_dict(self) -> dict[str, Any]:
        """As JSON, of which `StyleProfile.add_dict` needs no song."""
        return {
            "key": self.key.name if self.key else None,
            "figures": {name: round(value, 4) for name, value in self.figures.items()},
            "distributions": {name: counts.tolist() for name, counts in self.distributions.items()},
        }


class StyleProfile:
    """A set of songs, as far as it has been seen.

    Distributions are pooled: a long song counts more. Figures are means over songs: a long song counts as one.

    Attributes:
      songs: how many have notes.
      keys: name of a key -> songs in it.
      distributions: name -> counts, int64 [bins].
    """

    def __init__(self) -> None:
        self.songs = 0
        self.keys: collections.Counter[str] = collections.Counter()
        self.distributions: dict[str, Counts] = {name: np.zeros(bins, np.int64) for name, bins in BINS.items()}
        self._sums: dict[str, float] = {}

    def add(self, song: Song) -> None:
        """Takes a song in; one without notes changes nothing."""
        self.add_dict(SongMeasurements.of(song).as_dict())

    def add_dict(self, measured: Mapping[str, Any]) -> None:
        """Takes in a song of which only `SongMeasurements.as_dict` is left."""
        if not measured["figures"]:
            return
        self.songs += 1
        self.keys.update([measured["key"]] if measured["key"] else [])
        for name, value in measured["figures"].items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        for name, counts in self.distributions.items():
            counts += measured["distributions"][name]

    @property
    def figures(self) -> dict[str, float]:
        """The mean of each figure over the songs; nothing without songs."""
        return {name: total / self.songs for name, total in self._sums.items()}

    def overlaps(self, other: "StyleProfile") -> dict[str, float | None]:
        """The overlap of each distribution with another set's, 0..1; None where a set has nothing to compare."""
        return {name: overlap(counts, other.distributions[name]) for name, counts in self.distributions.items()}

    def as_dict(self) -> dict[str, Any]:
        """As JSON that `from_dict` reads; keys in the order of their counts."""
        return {
            "songs": self.songs,
            "keys": dict(sorted(self.keys.items(), key=lambda row: (-row[1], row[0]))),
            "figures": {name: round(value, 6) for name, value in self.figures.items()},
            "distributions": {name: counts.tolist() for name, counts in self.distributions.items()},
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "StyleProfile":
        """Reads what `as_dict` wrote; raises ValueError saying what is no portrait of songs."""
        try:
            portrait = cls()
            portrait.songs = int(found["songs"])
            portrait.keys.update({str(name): int(songs) for name, songs in found["keys"].items()})
            portrait._sums = {str(name): float(mean) * portrait.songs for name, mean in found["figures"].items()}
            portrait.distributions = read(found["distributions"])
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"it is no portrait of songs ({error!r})") from error
        if unknown := set(portrait.keys) - set(KEY_NAMES):
            raise ValueError(f"it has songs in {', '.join(sorted(unknown))}, which is no key")
        return portrait
