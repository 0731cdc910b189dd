"""A song in the making: what of it is given, what is sampled, when it ends, and when it goes back."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from generator.sampling.loop_detection import looping
from generator.sampling.plan import uniforms
from generator.sampling.primer import given_of
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END, PAD

# Times that a song goes back from a loop before it is left as it is.
ATTEMPTS = 8

# Positions of the random numbers of one attempt; more than a song has.
_POSITIONS = 2**32


@dataclasses.dataclass(frozen=True)
class TokenExplanation:
    """A sampled token.

    Attributes:
      token: its id.
      probability: under the model and its grammar, at temperature 1 and before any filter.
      rank: 1 for the likeliest.
      others: the likeliest other ids, each with its probability, the likeliest first; fewer if fewer are legal.
    """

    token: int
    probability: float
    rank: int
    others: tuple[tuple[int, float], ...]


@dataclasses.dataclass(frozen=True)
class SongIds:
    """A song in ids.

    Attributes:
      song: its number.
      primer: the ids that it was started with; the first is `<start>` or music.
      tokens: the ids that were sampled, without `<end>`.
      ended: whether `<end>` came; otherwise the song was cut.
      log_likelihood: of the sampled ids, `<end>` among them, under the model and its grammar at temperature 1, in nats.
      attempts: how often it went back from a loop, or began again.
      refused: why each of the songs that were made before under its number was not kept, in a word.
      told: of each sampled id, `<end>` among them, if that was asked for.
      fed: the true ids of the same places, if these and not `tokens` were fed (teacher forcing); otherwise none.
    """

    song: int
    primer: tuple[int, ...]
    tokens: tuple[int, ...]
    ended: bool
    log_likelihood: float
    attempts: int = 0
    refused: tuple[str, ...] = ()
    told: tuple[TokenExplanation, ...] = ()
    fed: tuple[int, ...] = ()


class SongState:
    """A song in the making, in one row of a batch.

    Attributes:
      done: whether nothing is to be sampled any more.
      begins: whether the network has to begin anew with `first`.
    """

    def __init__(self, song: int, primer: Sequence[int], config: GenerateConfig, meanings: TokenContents) -> None:
        """A song before its first token.

        Args:
          song: its number.
          primer: its first ids, at least one; with `--decoding teacher_forced` the song that is followed.
          config: when it ends, its seed, and what a loop is.
          meanings: of the ids.
        """
        given = given_of(primer, config.primer_tokens) if config.teacher_forced else len(primer)
        self._song, self._primer, self._fed = song, tuple(primer[:given]), tuple(primer[given:])
        self._most = min(config.max_tokens, len(self._fed)) if config.teacher_forced else config.max_tokens
        self._config, self._meanings = config, meanings
        self._max_ticks = config.max_ticks(meanings.ticks_per_quarter)
        self._tokens: list[int] = []
        self._scores: list[float] = []
        self._backs, self._attempts = 0, 0
        self._refused: tuple[str, ...] = ()
        self._rewind()

    @property
    def first(self) -> int:
        """The first id."""
        return self._primer[0]

    def given(self, count: int) -> npt.NDArray[np.int32]:
        """The ids that are fed at the next positions, `<pad>` where it is those sampled, int32 [count]."""
        ids = self._given[self._read + 1 : self._read + 1 + count]
        given = np.full(count, PAD, np.int32)
        given[: len(ids)] = ids
        return given

    def uniforms(self, count: int, each: int) -> npt.NDArray[np.float32]:
        """The random numbers of the next positions, float32 [count, each]: others in each attempt."""
        return uniforms(self._config.seed, self._song, self._attempts * _POSITIONS + self._read, count, each)

    def take(self, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> None:
        """Takes what the next positions came to, up to the song's end; goes back where it has come into a loop."""
        sampled = max(self._known - 1 - self._read, 0)
        self._read, self.begins = self._read + len(ids), False
        kept = self._until_end(ids[sampled:])
        self._tokens += ids[sampled : sampled + kept].tolist()
        self._scores += scores[sampled : sampled + kept].tolist()
        self._leave_loop()

    def _until_end(self, ids: npt.NDArray[np.int32]) -> int:
        """How many of these ids belong to the song; whether it is done is known then."""
        ticks = self._ticks + np.cumsum(self._meanings.ticks_V[ids])
        ends = ids == END
        if self._max_ticks:
            ends |= ticks >= self._max_ticks
        ends[self._most - len(self._tokens) - 1 :] = True
        self.done = bool(ends.any())
        kept = int(ends.argmax()) + 1 if self.done else len(ids)
        self._ticks = int(ticks[kept - 1]) if kept else self._ticks
        return kept

    def finished(self) -> SongIds:
        """The song as it is."""
        ended = self._tokens[-1:] == [END]
        tokens = tuple(self._tokens[:-1] if ended else self._tokens)
        fed = self._fed[: len(tokens)]
        score = float(sum(self._scores))
        return SongIds(self._song, self._primer, tokens, ended, score, self._attempts, self._refused, fed=fed)

    def begin_again(self, reason: str) -> bool:
        """Forgets all that was sampled, for another song; False, and nothing happens, after `max_draws` songs.

        Args:
          reason: why it is not kept, in a word.
        """
        if len(self._refused) + 1 >= self._config.max_draws:
            return False
        self._refused, self._backs, self._attempts = (*self._refused, reason), 0, self._attempts + 1
        self._tokens, self._scores = [], []
        self._rewind()
        return True

    def _leave_loop(self) -> None:
        """Forgets the repeats of a looping phrase; the network reads the rest again, and goes on in another way."""
        repeats = self._config.max_repeats
        # The likeliest way would be the same again, and what is fed goes on whatever is chosen.
        if not repeats or self._config.decoding != "sample" or self._backs == ATTEMPTS:
            return
        if repeated := looping(np.array(self._tokens, np.int32), self._meanings, repeats + 1):
            del self._tokens[-repeated:], self._scores[-repeated:]
            self._backs, self._attempts = self._backs + 1, self._attempts + 1
            self._rewind()

    def _rewind(self) -> None:
        """Lets the network read what there is, from the beginning."""
        known = (*self._primer, *self._tokens)
        self._read, self._known, self._given = 0, len(known), (*known, *self._fed)
        self._ticks = int(self._meanings.ticks_V[list(known)].sum())
        self.done, self.begins = False, True
