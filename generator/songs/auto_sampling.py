"""`--auto_sampling`: a grid search for the temperature and the top-p whose songs come closest to validation songs."""

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

# Songs of a trial and of the validation split, and tokens compared of each, at most.
SONGS = 2 * SLOTS
TOKENS = 256

# Tokens of the shortest run that counts as a repetition.
_RUN = 8

_HEAD = "temperature  top_p  entropy  repeated  degrees  durations  distance"


@dataclasses.dataclass(frozen=True)
class SampleStatistics:
    """Statistics by which two sets of songs are compared.

    Attributes:
      entropy: mean over songs of the entropy of their tokens, in bits.
      repeated: mean over songs of the share of runs of 8 tokens that occurred before in the song, 0..1.
      degrees: histogram of notes by degree above the tonic of their song's key (`nabi.analysis.histograms`).
      durations: histogram of notes by duration in ticks.
    """

    entropy: float
    repeated: float
    degrees: npt.NDArray[np.int64]
    durations: npt.NDArray[np.int64]

    @classmethod
    def of(cls, songs: Sequence[Sequence[int]], model: "TrainedModel") -> "SampleStatistics":
        """Measures songs in ids; special ids are left out."""
        profile = StyleProfile()
        music = [[token for token in song if token >= model.vocabulary.special] for song in songs]
        for song in music:
            profile.add(model.encoding.decode(model.vocabulary.decode(song)))
        counts = profile.distributions
        sounding = [song for song in music if song]
        return cls(_mean(_entropy, sounding), _mean(_repeated, sounding), counts["degrees"], counts["durations"])


def distance(songs: SampleStatistics, others: SampleStatistics) -> float:
    """Sums four differences of two sets, of about 0..1 each: of entropies, repetitions, degrees and durations.

    Entropies are compared relatively where they are above 1 bit, distributions by 1 - overlap.
    """
    overlaps = [overlap(songs.degrees, others.degrees) or 0, overlap(songs.durations, others.durations) or 0]
    apart = abs(songs.entropy - others.entropy) / max(others.entropy, 1.0)
    return apart + abs(songs.repeated - others.repeated) + sum(1 - value for value in overlaps)


def chosen(config: GenerateConfig, model: "TrainedModel", primers: Primers, folder: str) -> GenerateConfig:
    """Returns the settings with the temperature and top-p of the best trial; logs a line for each trial.

    A resumed job reads the trials from its folder.

    Args:
      config: all other settings, which hold for the trials too; songs are cut after a window of tokens, 256 at most.
      model: the model.
      primers: primers of the job.
      folder: songs directory, in which the trials are kept.

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
    logging.info("%s%s", "validation".ljust(18), _columns(held_out, held_out))
    trials = []
    for temperature in TEMPERATURES:
        for top_p in TOP_PS:
            trial = dataclasses.replace(config, temperature=temperature, top_p=top_p, max_tokens=_length(config, model))
            sampler = samplers.sampler_of(model, trial)
            songs = sampler.sample(range(SONGS), [primers.of(song) for song in range(SONGS)])
            statistics = SampleStatistics.of([song.tokens for song in songs], model)
            logging.info("%11.2f  %5.2f%s", temperature, top_p, _columns(statistics, held_out))
            rounded = round(distance(statistics, held_out), 6)
            trials.append({"temperature": temperature, "top_p": top_p, "distance": rounded})
    return {"trials": trials}


def _validation_songs(config: GenerateConfig, model: "TrainedModel") -> list[list[int]]:
    """Reads beginnings of validation songs, in their own keys, as long as the songs of the trials."""
    data = config.data or model.config["data"]
    remote_files.open_schemes(data)
    windows = dataset_songs.pick(
        data,
        "validation",
        SONGS,
        seed=config.seed,
        content=model.config["content"],
        condition=lambda window: window.start == 0 and window.transpose == 0,
    )
    if not windows:
        raise ValueError(f"--auto_sampling compares with validation songs, and {data} has none: give --temperature")
    return [window.tokens[: _length(config, model)].tolist() for window in windows]


def _length(config: GenerateConfig, model: "TrainedModel") -> int:
    """Limits the tokens compared of a song: the same for both sets, since longer songs repeat more."""
    return int(min(config.max_tokens, model.config["dataset"]["window"], TOKENS))


def _columns(songs: SampleStatistics, held_out: SampleStatistics) -> str:
    degrees, durations = overlap(songs.degrees, held_out.degrees), overlap(songs.durations, held_out.durations)
    return (
        f"{songs.entropy:>9.2f}{songs.repeated:>10.3f}{degrees or 0:>9.3f}{durations or 0:>11.3f}"
        f"{distance(songs, held_out):>10.3f}"
    )


def _mean(statistic: Callable[[Sequence[int]], float], songs: Iterable[Sequence[int]]) -> float:
    values = [statistic(song) for song in songs]
    return float(np.mean(values)) if values else 0.0


def _entropy(song: Sequence[int]) -> float:
    shares = np.unique(song, return_counts=True)[1] / len(song)
    return float(-(shares * np.log2(shares)).sum())


def _repeated(song: Sequence[int]) -> float:
    runs = [tuple(song[at : at + _RUN]) for at in range(len(song) - _RUN + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
