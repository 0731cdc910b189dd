"""Profiles the style of a set of songs: keys, means of figures and distributions, in bounded memory."""

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from nabi.analysis import form, statistics
from nabi.analysis.histograms import BINS, Counts, distributions, overlap, read
from nabi.analysis.running_mean import RunningMean
from nabi.music.keys import KEY_NAMES, FoundKey, find_key
from nabi.music.song import Song


@dataclasses.dataclass(frozen=True)
class SongMeasurements:
    """The measurements of one song.

    Attributes:
      key: of the song; None if it has none.
      figures: see `nabi.analysis.statistics.figures` and `nabi.analysis.form.figures`.
      weights: of the figures that do not count as 1 in a mean over songs.
      distributions: see `nabi.analysis.histograms.distributions`.
    """

    key: FoundKey | None
    figures: Mapping[str, float]
    weights: Mapping[str, float]
    distributions: Mapping[str, Counts]

    @classmethod
    def of(cls, song: Song) -> "SongMeasurements":
        """Measures a song; of one with its parts all that has pitch, as one part."""
        song = song.merged()
        key = find_key(song)
        counts, formal = distributions(song, key), form.figures(song, key)
        figures = {**statistics.figures(song, counts), **{name: figure.value for name, figure in formal.items()}}
        weights = {name: figure.weight for name, figure in formal.items() if figure.weight != 1}
        return cls(key, figures, weights, counts)

    def as_dict(self) -> dict[str, Any]:
        """Returns JSON values, which `StyleProfile.add_dict` takes instead of the song."""
        return {
            "key": self.key.name if self.key else None,
            "figures": {name: round(value, 4) for name, value in self.figures.items()},
            "weights": dict(self.weights),
            "distributions": {name: counts.tolist() for name, counts in self.distributions.items()},
        }


class StyleProfile:
    """The keys, statistics and distributions of the songs that were added.

    Distributions are pooled: a long song weighs more. Figures are means over the songs that have them: all songs weigh
    the same, unless the figure has a weight.

    Attributes:
      songs: the number of songs that have notes.
      keys: name of a key -> number of songs in it.
      figures: name -> mean and standard deviation over the songs that have the figure; empty without songs.
      distributions: name -> counts, int64 [bins].
    """

    def __init__(self) -> None:
        self.songs = 0
        self.keys: collections.Counter[str] = collections.Counter()
        self.distributions: dict[str, Counts] = {name: np.zeros(bins, np.int64) for name, bins in BINS.items()}
        self.figures: dict[str, RunningMean] = {}

    def add(self, song: Song) -> None:
        """Adds a song; one without notes changes nothing."""
        self.add_dict(SongMeasurements.of(song).as_dict())

    def add_dict(self, measurements: Mapping[str, Any]) -> None:
        """Adds a song by its measurements, as `SongMeasurements.as_dict` returned them."""
        if not measurements["figures"]:
            return
        self.songs += 1
        self.keys.update([measurements["key"]] if measurements["key"] else [])
        for name, value in measurements["figures"].items():
            self.figures.setdefault(name, RunningMean()).add(value, measurements["weights"].get(name, 1))
        for name, counts in self.distributions.items():
            counts += measurements["distributions"][name]

    def overlaps(self, other: "StyleProfile") -> dict[str, float | None]:
        """Measures the overlap of each distribution with another profile's, 0..1; None where either counts nothing."""
        return {name: overlap(counts, other.distributions[name]) for name, counts in self.distributions.items()}

    def as_dict(self) -> dict[str, Any]:
        """Returns JSON values, which `from_dict` reads; the commonest keys come first."""
        return {
            "songs": self.songs,
            "keys": dict(sorted(self.keys.items(), key=lambda row: (-row[1], row[0]))),
            "figures": {name: mean.as_dict() for name, mean in self.figures.items()},
            "distributions": {name: counts.tolist() for name, counts in self.distributions.items()},
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "StyleProfile":
        """Reads what `as_dict` returned; raises ValueError saying what is wrong with it."""
        try:
            profile = cls()
            profile.songs = int(fields["songs"])
            profile.keys.update({str(name): int(songs) for name, songs in fields["keys"].items()})
            profile.figures = {str(name): RunningMean.from_dict(mean) for name, mean in fields["figures"].items()}
            profile.distributions = read(fields["distributions"])
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"it is no style profile ({error!r})") from error
        if unknown := set(profile.keys) - set(KEY_NAMES):
            raise ValueError(f"it has songs in {', '.join(sorted(unknown))}, which is no key")
        return profile
