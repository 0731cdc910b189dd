"""State of a song while it is sampled: given and sampled ids, its end, and its returns from loops."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from generator.sampling.loop_detection import looping
from generator.sampling.plan import told, uniforms
from generator.sampling.primer import given_length
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END, PAD

# Returns from a loop before the song is left as it is.
ATTEMPTS = 8

# Positions reserved for the random numbers of one attempt: more than a song has.
_POSITIONS = 2**32


@dataclasses.dataclass(frozen=True)
class TokenExplanation:
    """Probability and rank of a sampled token.

    Attributes:
      token: id of the token.
      probability: under the model and its grammar, at temperature 1 and before any filter, 0..1.
      rank: 1-based; 1 for the likeliest.
      others: (id, probability) of the likeliest other ids, likeliest first; fewer if fewer are legal.
    """

    token: int
    probability: float
    rank: int
    others: tuple[tuple[int, float], ...]


@dataclasses.dataclass(frozen=True)
class SongIds:
    """A sampled song in ids.

    Attributes:
      song: number of the song.
      primer: ids that it begins with; the first is `<start>` or music.
      tokens: sampled ids, without `<end>`.
      ended: True if `<end>` was sampled, False if the song was cut off.
      log_likelihood: sum over the sampled ids, `<end>` included, under the model and its grammar at temperature 1, in
        nats.
      attempts: number of returns from a loop and of restarts.
      refused: one-word reason for each earlier song of this number that was refused.
      explanations: one for each sampled id, `<end>` included, with `--explain`; otherwise none.
      fed: true ids at the same positions where these, not `tokens`, were fed (teacher forcing); otherwise none.
    """

    song: int
    primer: tuple[int, ...]
    tokens: tuple[int, ...]
    ended: bool
    log_likelihood: float
    attempts: int = 0
    refused: tuple[str, ...] = ()
    explanations: tuple[TokenExplanation, ...] = ()
    fed: tuple[int, ...] = ()


class SongState:
    """A song while it is sampled, in one row of a batch.

    Attributes:
      done: True once the song has ended or is cut off.
      begins: True if the network starts from its initial state, with the id `first`.
    """

    def __init__(self, song: int, primer: Sequence[int], config: GenerateConfig, contents: TokenContents) -> None:
        """Prepares a song before its first token.

        Args:
          song: number of the song.
          primer: its first ids, at least one; with `--decoding teacher_forced` the whole song that is followed.
          config: limits of the song, its seed, and the length of a loop.
          contents: notes and ticks of each id.
        """
        given = given_length(primer, config.primer_tokens) if config.teacher_forced else len(primer)
        self._song, self._primer, self._fed = song, tuple(primer[:given]), tuple(primer[given:])
        self._max_tokens = _most_tokens(config, len(self._fed))
        self._config, self._contents = config, contents
        self._max_ticks = config.max_ticks(contents.ticks_per_quarter)
        self._tokens: list[int] = []
        self._scores: list[float] = []
        self._returns, self._attempts = 0, 0
        self._refused: tuple[str, ...] = ()
        self._rewind()

    @property
    def first(self) -> int:
        """The id that the song begins with."""
        return self._primer[0]

    def given(self, count: int) -> npt.NDArray[np.int32]:
        """Returns the ids to feed at the next positions, `<pad>` where the sampled id is fed, int32 [count]."""
        ids = self._given[self._read + 1 : self._read + 1 + count]
        given = np.full(count, PAD, np.int32)
        given[: len(ids)] = ids
        return given

    def uniforms(self, count: int, each: int) -> npt.NDArray[np.float32]:
        """Returns the random numbers of the next positions, float32 [count, each]; each attempt has its own."""
        return uniforms(self._config.seed, self._song, self._attempts * _POSITIONS + self._read, count, each)

    def told(self, count: int) -> npt.NDArray[np.bool_]:
        """Returns at which of the next positions the network is told of the song's past, bool [count]."""
        return told(self._config.memory, self._config.seed, self._song, self._read, count)

    def take(self, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> None:
        """Appends the results of the next positions up to the song's end; returns to before a loop if there is one."""
        sampled = max(self._known - 1 - self._read, 0)
        self._read, self.begins = self._read + len(ids), False
        kept = self._until_end(ids[sampled:])
        self._tokens += ids[sampled : sampled + kept].tolist()
        self._scores += scores[sampled : sampled + kept].tolist()
        self._leave_loop()

    def _until_end(self, ids: npt.NDArray[np.int32]) -> int:
        """Counts the ids that belong to the song, and sets `done`."""
        ticks = self._ticks + np.cumsum(self._contents.ticks_V[ids])
        ends = ids == END
        ends[self._max_tokens - len(self._tokens) - 1 :] = True
        kept = int(ends.argmax()) + 1 if ends.any() else len(ids)
        self.done = bool(ends.any())
        if self._max_ticks:
            # A song that is full may still say that it ends there.
            is_full = np.concatenate([[self._ticks], ticks])[:kept] >= self._max_ticks
            if is_full.any():
                first = int(is_full.argmax())
                self.done, kept = True, first + int(ids[first] == END)
        self._ticks = int(ticks[kept - 1]) if kept else self._ticks
        return kept

    def finished(self) -> SongIds:
        """Returns the song as it stands."""
        ended = self._tokens[-1:] == [END]
        tokens = tuple(self._tokens[:-1] if ended else self._tokens)
        fed = self._fed[: len(tokens)]
        score = float(sum(self._scores))
        return SongIds(self._song, self._primer, tokens, ended, score, self._attempts, self._refused, fed=fed)

    def begin_again(self, reason: str) -> bool:
        """Discards the sampled ids to sample another song; returns False, and keeps them, after `max_draws` songs.

        Args:
          reason: one-word reason for the refusal.
        """
        if len(self._refused) + 1 >= self._config.max_draws:
            return False
        self._refused, self._returns, self._attempts = (*self._refused, reason), 0, self._attempts + 1
        self._tokens, self._scores = [], []
        self._rewind()
        return True

    def _leave_loop(self) -> None:
        """Discards the repeats of a looping phrase; the network reads the rest again and continues differently."""
        repeats = self._config.max_repeats
        # A greedy song would repeat itself, and with teacher forcing the fed ids do not depend on the chosen ones.
        if not repeats or self._config.decoding != "sample" or self._returns == ATTEMPTS:
            return
        if repeated := looping(np.array(self._tokens, np.int32), self._contents, repeats + 1):
            del self._tokens[-repeated:], self._scores[-repeated:]
            self._returns, self._attempts = self._returns + 1, self._attempts + 1
            self._rewind()

    def _rewind(self) -> None:
        """Makes the network read all known ids from the beginning."""
        known = (*self._primer, *self._tokens)
        self._read, self._known, self._given = 0, len(known), (*known, *self._fed)
        self._ticks = int(self._contents.ticks_V[list(known)].sum())
        self.done, self.begins = False, True


def _most_tokens(config: GenerateConfig, fed: int) -> int:
    """Limits the sampled tokens: to those that are fed, with teacher forcing; not where what is given ends songs."""
    if config.keeps_given:
        return _POSITIONS
    return min(config.max_tokens, fed) if config.teacher_forced else config.max_tokens
