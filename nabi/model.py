"""Loads trained models and samples songs from them in this process, the same songs as `generator.generate`."""

import contextlib
import dataclasses
import functools
import logging
import os
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from generator.config import GenerateConfig
from generator.primers import priming
from generator.sampling import plan
from generator.songs import sampling_defaults
from nabi import keywords
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.suggestions import did_you_mean
from nabi.music.vocabulary import Vocabulary
from nabi.networks import remote_files, trained_model
from nabi.workspace import directories, storage

if TYPE_CHECKING:
    from generator.sampling.song_state import SongIds
    from generator.songs.likelihood import Likelihood
    from generator.songs.midi_songs import MidiSong

# Settings of `generator.generate` that `sample` has as parameters, or that concern files that only the job writes.
_OF_A_JOB = frozenset({"num_songs", "seed", "audio", "explain", "output_format"})
SETTINGS = tuple(field.name for field in dataclasses.fields(GenerateConfig) if field.name not in _OF_A_JOB)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class SampledSong(Song):
    """A song that a model sampled, with the details of its sampling; otherwise a `Song` like any other.

    Attributes:
      tokens: the sampled tokens; if the song was transposed to another key, all tokens of the transposed song.
      primer: the tokens of the primer, which are part of the song.
      ended: True if the model ended the song, False if it was cut.
      log_likelihood: of the sampled tokens and the end, in nats, at temperature 1 and without filters.
      midi: the bytes of its MIDI file, as `generator.generate` writes it.
    """

    tokens: tuple[str, ...] = ()
    primer: tuple[str, ...] = ()
    ended: bool = False
    log_likelihood: float = 0.0
    midi: bytes = b""

    def __reduce__(self) -> tuple[Any, ...]:
        return SampledSong, tuple(getattr(self, field.name) for field in dataclasses.fields(self))


class Model:
    """A model in memory, loaded by `load_model`.

    Attributes:
      folder: its directory.
      vocabulary: token <-> id.
      encoding: tokens <-> songs.
      settings: of its training and its dataset, as `config.json` has them.
      network: the Keras model: ids int32 [B, T] -> logits float32 [B, T, V].
    """

    def __init__(self, folder: str, loaded: trained_model.TrainedModel) -> None:
        """Wraps the result of `nabi.networks.trained_model.load`."""
        self._bundle = loaded
        self.folder = folder
        self.vocabulary: Vocabulary = loaded.vocabulary
        self.encoding: Encoding = loaded.encoding
        self.settings: dict[str, Any] = loaded.config
        self.network = loaded.model

    def sample(self, count: int = 12, *, seed: int = 0, **settings: object) -> list[SampledSong]:
        """Samples songs. Song N depends on the model, the settings, the seed and N alone, not on `count`.

        >>> import nabi
        >>> model = nabi.load_model("runs/mine")
        >>> songs = model.sample(2, seed=1, temperature=0.9, max_tokens=16)
        >>> [song.about.source for song in songs]
        ['song-00000.mid', 'song-00001.mid']
        >>> nabi.write(songs[0], "first.mid")

        Args:
          count: number of songs, 1..1,000,000; all are held in memory.
          seed: of the random numbers, 0..2**64 - 1.
          settings: of `generator.generate`, by the names of its flags (`python -m generator.generate --help`):
            `temperature`, `top_p`, `key`, `max_bars`, `primer`, `density` ... The default is the flag's, or that of the
            recipe with which the model was trained.

        Raises:
          ValueError: if a setting is unknown or outside its range, or the model cannot make such songs.
          OSError: if a file that a setting names cannot be read.
        """
        with keywords.explained():
            given = {"num_songs": count, "seed": seed, **_known(settings)}
            config = priming.located(sampling_defaults.load(self.folder).with_given(given))
            with _quiet():
                return self._sample(config)

    def log_likelihood(self, song: Song) -> float:
        """Computes the log-likelihood of a song under the model: of its tokens and its end, in nats.

        >>> import nabi
        >>> model = nabi.load_model("runs/mine")
        >>> model.log_likelihood(nabi.Song.from_notes(start=[0], duration=[12], pitch=[60])) < 0
        True

        The tokens are those of `nabi.encode`. `SampledSong.log_likelihood` is that of the sampled tokens, which may
        spell the same song differently. For a model that was trained without song marks, the first token and the end do
        not count.

        Raises:
          ValueError: if the song has no notes, was read with other divisors than the model's songs, or has a token that
            the model does not know.
        """
        return self._likelihood.of(song)

    @functools.cached_property
    def _likelihood(self) -> "Likelihood":
        from generator.songs.likelihood import Likelihood

        return Likelihood(self._bundle)

    def _sample(self, config: GenerateConfig) -> list[SampledSong]:
        # Planning a job needs no TensorFlow; these modules import it.
        from generator.songs.midi_songs import MidiSongs
        from generator.songs.preparation import prepare
        from generator.songs.song_sampler import SongSampler

        with tempfile.TemporaryDirectory() as trials:
            ready = prepare(self._bundle, self.folder, config, trials)
        sampler = SongSampler(self._bundle, ready.config, ready.primers, ready.index)
        music = MidiSongs(self.vocabulary, self.encoding, ready.config)
        batches = plan.batches(config.num_songs, candidates=config.candidates)
        return [_song(sampled, music.of(sampled)) for batch in batches for sampled in sampler.sample(batch.songs)]

    def __repr__(self) -> str:
        return f"Model({self.folder}: {self.encoding.name}, {len(self.vocabulary):,} tokens)"


def load_model(path: str | os.PathLike[str]) -> Model:
    """Loads a model; importing TensorFlow takes ten seconds.

    >>> import nabi
    >>> model = nabi.load_model("runs/mine")
    >>> model.encoding.name
    'events'

    Unless TensorFlow has already started in this process, it will use one thread for each operation: products that are
    split over threads may round differently, and songs would differ from those of `generator.generate`.

    Args:
      path: local or remote: a model directory, its `model.keras`, a pack (`X.nabi`), the directory of a run of
        `pipelines.retrain`, or its `--output`, of which the champion is loaded.

    Raises:
      ValueError: if there is no finished model, saying what is there and what to run, or its files do not fit together.
      OSError: if it cannot be read.
    """
    folder = storage.folder(os.fspath(path))
    remote_files.open_schemes(folder)
    folder = directories.model(folder)
    # Silences TensorFlow's start-up log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from generator.sampling import stepper

    stepper.use_one_thread()
    return Model(folder, trained_model.load(folder))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences TensorFlow's warning that each call compiles a loop of its own, as the job does."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _song(sampled: "SongIds", music: "MidiSong") -> SampledSong:
    song = music.song
    return SampledSong(
        song.start,
        song.duration,
        song.pitches,
        song.offsets,
        song.about,
        song.ticks_per_quarter,
        song.band,
        tokens=tuple(music.tokens),
        primer=tuple(music.primer),
        ended=sampled.ended,
        log_likelihood=sampled.log_likelihood,
        midi=music.midi,
    )


def _known(settings: dict[str, object]) -> dict[str, object]:
    """Returns the settings as they are; raises ValueError for an unknown one."""
    for name in settings:
        if name not in SETTINGS:
            hint = did_you_mean(name, SETTINGS) or f"; there are {', '.join(SETTINGS)}"
            raise ValueError(f"unknown setting {name}{hint}")
    return settings
