"""`--auto_sampling`: the temperature and the top-p whose songs come closest to the validation songs."""

import dataclasses
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from generator.primers import dataset_songs
from generator.sampling import samplers
from generator.sampling.plan import SLOTS
from generator.sampling.primer import Primers
from nabi.analysis.histograms import overlap
from nabi.analysis.style_profile import StyleProfile
from nabi.networks import remote_files
from nabi.workspace import paths, storage

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel

TEMPERATURES = (0.8, 0.9, 1.0, 1.1)
TOP_PS = (0.9, 0.97, 1.0)

# Songs a trial, validation songs, and tokens of each that are looked at, at most.
SONGS = 2 * SLOTS
TOKENS = 256

# Tokens that come again count as a repetition from so many in a row on.
_REPEATED = 8

_HEAD = "temperature  top_p  entropy  repeated  degrees  durations  distance"


@dataclasses.dataclass(frozen=True)
class SampleStatistics:
    """What is compared of a set of songs.

    Attributes:
      entropy: of a song's tokens, in bits, the mean over songs.
      repeated: share of a song's runs of 8 tokens that it had before, the mean over songs.
      degrees: how many notes have each degree above the tonic of their song's key (`nabi.analysis.histograms`).
      durations: how many notes last so many ticks.
    """

    entropy: float
    repeated: float
    degrees: npt.NDArray[np.int64]
    durations: npt.NDArray[np.int64]

    @classmethod
    def of(cls, songs: Sequence[Sequence[int]], model: "TrainedModel") -> "SampleStatistics":
        """Of songs in ids; special ones are left out."""
        portrait = StyleProfile()
        music = [[token for token in song if token >= model.vocabulary.special] for song in songs]
        for song in music:
            portrait.add(model.encoding.decode(model.vocabulary.decode(song)))
        counts = portrait.distributions
        heard = [song for song in music if song]
        return cls(_mean(_entropy, heard), _mean(_repeated, heard), counts["degrees"], counts["durations"])


def distance(songs: SampleStatistics, others: SampleStatistics) -> float:
    """How far apart two sets are: the sum of four differences of about 0..1 each.

    They are the difference of the entropies, relative where they are above 1 bit, the difference of the repetitions,
    and what the distributions of degrees and of durations do not have in common.
    """
    overlaps = [overlap(songs.degrees, others.degrees) or 0, overlap(songs.durations, others.durations) or 0]
    apart = abs(songs.entropy - others.entropy) / max(others.entropy, 1.0)
    return apart + abs(songs.repeated - others.repeated) + sum(1 - value for value in overlaps)


def chosen(config: GenerateConfig, model: "TrainedModel", primers: Primers, folder: str) -> GenerateConfig:
    """The settings with the best temperature and top-p of those that are tried; each trial is told in a line.

    A job that goes on reads what was chosen before.

    Args:
      config: all other settings count as they are; songs are cut after a window of tokens, 256 at most.
      model: whose songs.
      primers: of the job.
      folder: the songs directory, which remembers the trials.

    Raises:
      ValueError: if the dataset is not the model's or has no validation songs.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    path = storage.join(folder, paths.AUTO_SAMPLING)
    if not storage.exists(path):
        paths.write_json(path, _trials(config, model, primers))
    best = min(paths.read_object(path, "trials")["trials"], key=lambda trial: trial["distance"])
    logging.info("chosen: --temperature=%s --top_p=%s", best["temperature"], best["top_p"])
    return dataclasses.replace(config, temperature=best["temperature"], top_p=best["top_p"])


def _trials(config: GenerateConfig, model: "TrainedModel", primers: Primers) -> dict[str, Any]:
    held_out = SampleStatistics.of(_validation_songs(config, model), model)
    logging.info("choosing temperature and top-p: %d trials of %d songs", len(TEMPERATURES) * len(TOP_PS), SONGS)
    logging.info(_HEAD)
    logging.info("%s%s", "validation".ljust(18), _told(held_out, held_out))
    trials = []
    for temperature in TEMPERATURES:
        for top_p in TOP_PS:
            tried = dataclasses.replace(config, temperature=temperature, top_p=top_p, max_tokens=_length(config, model))
            sampler = samplers.sampler_of(model, tried)
            songs = sampler.sample(range(SONGS), [primers.of(song) for song in range(SONGS)])
            figures = SampleStatistics.of([song.tokens for song in songs], model)
            logging.info("%11.2f  %5.2f%s", temperature, top_p, _told(figures, held_out))
            far = round(distance(figures, held_out), 6)
            trials.append({"temperature": temperature, "top_p": top_p, "distance": far})
    return {"trials": trials}


def _validation_songs(config: GenerateConfig, model: "TrainedModel") -> list[list[int]]:
    """Beginnings of validation songs, in their own keys, as long as the songs that are tried."""
    data = config.data or model.config["data"]
    remote_files.open_schemes(data)
    picked = dataset_songs.pick(
        data,
        "validation",
        SONGS,
        seed=config.seed,
        content=model.config["content"],
        wanted=lambda window: window.start == 0 and window.transpose == 0,
    )
    if not picked:
        raise ValueError(f"--auto_sampling compares with validation songs, and {data} has none: give --temperature")
    return [window.tokens[: _length(config, model)].tolist() for window in picked]


def _length(config: GenerateConfig, model: "TrainedModel") -> int:
    """Tokens of a song that are looked at: as many of both, since longer songs repeat more."""
    return int(min(config.max_tokens, model.config["dataset"]["window"], TOKENS))


def _told(figures: SampleStatistics, held_out: SampleStatistics) -> str:
    degrees, durations = overlap(figures.degrees, held_out.degrees), overlap(figures.durations, held_out.durations)
    return (
        f"{figures.entropy:>9.2f}{figures.repeated:>10.3f}{degrees or 0:>9.3f}{durations or 0:>11.3f}"
        f"{distance(figures, held_out):>10.3f}"
    )


def _mean(figure: Callable[[Sequence[int]], float], songs: Iterable[Sequence[int]]) -> float:
    values = [figure(song) for song in songs]
    return float(np.mean(values)) if values else 0.0


def _entropy(song: Sequence[int]) -> float:
    shares = np.unique(song, return_counts=True)[1] / len(song)
    return float(-(shares * np.log2(shares)).sum())


def _repeated(song: Sequence[int]) -> float:
    runs = [tuple(song[at : at + _REPEATED]) for at in range(len(song) - _REPEATED + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
