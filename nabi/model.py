"""A trained model that samples songs in this process, the same ones as `generator.generate`."""

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

# Settings of a job that are keywords of their own here, or of the files and rows that only a job writes.
_OF_A_JOB = frozenset({"num_songs", "seed", "audio", "explain"})
SETTINGS = tuple(field.name for field in dataclasses.fields(GenerateConfig) if field.name not in _OF_A_JOB)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class SampledSong(Song):
    """A song that a model made, with how it was made; as a `Song` it compares, iterates and is written like any.

    Attributes:
      tokens: those that were sampled; where the song was moved into another key, all tokens of the moved song.
      primer: the tokens that it was started with, which are part of the song.
      ended: whether the model ended it; otherwise it was cut.
      log_likelihood: of the sampled tokens and the end, in nats, at temperature 1 and before any filter.
      midi: the content of its MIDI file, as `generator.generate` writes it.
    """

    tokens: tuple[str, ...] = ()
    primer: tuple[str, ...] = ()
    ended: bool = False
    log_likelihood: float = 0.0
    midi: bytes = b""

    def __reduce__(self) -> tuple[Any, ...]:
        return SampledSong, tuple(getattr(self, field.name) for field in dataclasses.fields(self))


class Model:
    """A model in memory; `load_model` makes one.

    Attributes:
      folder: its directory.
      vocabulary: token <-> id.
      encoding: tokens <-> songs.
      settings: how it was trained, and on what, as `config.json` has it.
      network: the Keras model: ids int32 [B, T] -> logits float32 [B, T, V].
    """

    def __init__(self, folder: str, loaded: trained_model.TrainedModel) -> None:
        """Takes what `nabi.networks.trained_model.load` opened."""
        self._bundle = loaded
        self.folder = folder
        self.vocabulary: Vocabulary = loaded.vocabulary
        self.encoding: Encoding = loaded.encoding
        self.settings: dict[str, Any] = loaded.config
        self.network = loaded.model

    def sample(self, count: int = 12, *, seed: int = 0, **settings: object) -> list[SampledSong]:
        """Samples songs. Song N depends on the model, the settings, the seed and N alone, not on how many there are.

        >>> import nabi
        >>> model = nabi.load_model("runs/mine")
        >>> songs = model.sample(2, seed=1, temperature=0.9, max_tokens=16)
        >>> [song.about.source for song in songs]
        ['song-00000.mid', 'song-00001.mid']
        >>> nabi.write(songs[0], "first.mid")

        Args:
          count: songs, 1..1,000,000; all of them in memory.
          seed: another seed, other songs; 0..2**64 - 1.
          settings: those of `generator.generate` by the names of its flags (`python -m generator.generate --help`):
            `temperature`, `top_p`, `key`, `max_bars`, `primer`, `density` ...; without one its default, or that of the
            recipe by which the model was trained.

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
        """Tells how likely the model finds a song: the log probability of its tokens and its end, in nats.

        >>> import nabi
        >>> model = nabi.load_model("runs/mine")
        >>> model.log_likelihood(nabi.Song.from_notes(start=[0], duration=[12], pitch=[60])) < 0
        True

        The tokens are those that `nabi.encode` writes. A `SampledSong` tells of those that were sampled, which may say
        the same song in another way. A model that was trained without song marks does not tell of the first token and
        the end.

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
        # What a job needs to plan comes without TensorFlow; these bring it.
        from generator.songs.midi_songs import MidiSongs
        from generator.songs.preparation import prepare
        from generator.songs.song_sampler import SongSampler

        with tempfile.TemporaryDirectory() as trials:
            ready = prepare(self._bundle, self.folder, config, trials)
        sampler = SongSampler(self._bundle, ready.config, ready.primers, ready.index)
        music = MidiSongs(self.vocabulary, self.encoding, ready.config)
        batches = plan.batches(config.num_songs)
        return [_song(made, music.of(made)) for batch in batches for made in sampler.sample(batch.songs)]

    def __repr__(self) -> str:
        return f"Model({self.folder}: {self.encoding.name}, {len(self.vocabulary):,} tokens)"


def load_model(path: str | os.PathLike[str]) -> Model:
    """Loads a model. TensorFlow, which is imported by it, takes ten seconds.

    >>> import nabi
    >>> model = nabi.load_model("runs/mine")
    >>> model.encoding.name
    'events'

    If TensorFlow has not started in this process, it will use one thread for each operation: a product that is split
    over threads may round differently, and songs would not be those that `generator.generate` makes.

    Args:
      path: local or remote: a model directory, its `model.keras`, what a run of `pipelines.retrain` made, or its
        `--output` (the champion).

    Raises:
      ValueError: if there is no finished model, saying what is there and what to run, or its files do not fit together.
      OSError: if it cannot be read.
    """
    folder = storage.folder(os.fspath(path))
    remote_files.open_schemes(folder)
    folder = directories.model(folder)
    # TensorFlow announces at its start what it was built for.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from generator.sampling import stepper

    stepper.use_one_thread()
    return Model(folder, trained_model.load(folder))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps TensorFlow from warning that each call compiles a loop of its own, as the job does."""
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
        tokens=tuple(music.tokens),
        primer=tuple(music.primer),
        ended=sampled.ended,
        log_likelihood=sampled.log_likelihood,
        midi=music.midi,
    )


def _known(settings: dict[str, object]) -> dict[str, object]:
    """The settings as they are; raises ValueError for one that there is not."""
    for name in settings:
        if name not in SETTINGS:
            meant = did_you_mean(name, SETTINGS) or f"; there are {', '.join(SETTINGS)}"
            raise ValueError(f"unknown setting {name}{meant}")
    return settings
