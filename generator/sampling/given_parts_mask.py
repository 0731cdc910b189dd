"""Mask of the tokens under which given parts of a band stay as they are, while others play with them."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.given_parts import LAST, NOBODY, TOLD, GivenParts
from nabi.music.encodings.band_reduction import DRUMS
from nabi.music.encodings.metred import PHRASES

# No program was said.
_NONE = -1
# Above all notes: the program has played none in the slice.
_ABOVE = 128


@dataclasses.dataclass(frozen=True)
class GivenPartsMask:
    """Bias (`generator.sampling.bias.Bias`) that forces the tokens of given parts at their places.

    A slice begins wherever a given token stands, and its bar and place are those of the given song, at whose end all
    ends. In a slice parts come by their programs, as the encoding writes them: up to
    the next given part others may play, then it plays what is given, and nothing else. Tempo and meter are those that
    are given. Who may play at all is for `generator.sampling.part_mask.PartMask` to say.

    Attributes:
      given: the parts.
      floor: int32 [P], MIDI number of the lowest note that each part may play (`PartTables`).
    """

    given: GivenParts
    floor: npt.NDArray[np.int32]

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns, before the first token: the tick, the number of given tokens that stood, the last program, the
        ticks that the last note has been said to last, and the last pitch of the program in the slice, int32 [B] each;
        whether the song lists drums, whether a slice begins, and whether the last token waits for a note of its own, a
        velocity or another part's program, bool [B] each."""
        none_B = tf.zeros([rows], tf.int32)
        return [none_B, none_B, none_B + _NONE, none_B, none_B + _ABOVE, none_B > 0, none_B > 0, none_B > 0]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all eight after the next token."""
        tick_B, stood_B, program_B, lasted_B, height_B, has_drums_B, *_ = memory
        is_given_B = (ids_B == tf.gather(self.given.token_N, stood_B)) & self._is_due(memory)
        said_B, ticks_B = tf.gather(self.given.program_V, ids_B), tf.gather(self.given.ticks_V, ids_B)
        duration_B, pitch_B = tf.gather(self.given.durations_V, ids_B), tf.gather(self.given.pitch_V, ids_B)
        height_B = tf.where((said_B >= 0) | (ticks_B > 0), _ABOVE, height_B)
        return [
            tf.minimum(tick_B + ticks_B, int(self.given.tick_N[-1])),
            stood_B + tf.cast(is_given_B, tf.int32),
            tf.where(said_B >= 0, said_B, program_B),
            tf.where(duration_B > 0, lasted_B + duration_B, 0),
            # Drums come last.
            tf.where(tf.gather(self._is_kind("drum"), ids_B), 0, tf.where(pitch_B >= 0, pitch_B, height_B)),
            has_drums_B | (ids_B == self.given.drums_listed),
            ticks_B > 0,
            tf.gather(self._waits(), ids_B),
        ]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for tokens that would change a given part; all stay after its end."""
        tick_B, *_, begins_B, _ = memory
        place_Bx1 = tf.gather(self.given.place_T, tick_B)[:, None]
        is_place_BxV = tf.range(len(self.given.ticks_V)) == place_Bx1
        legal_BxV = tf.where(begins_B[:, None], is_place_BxV, self._within_slice(memory))
        is_over_Bx1 = (tick_B >= int(self.given.tick_N[-1]))[:, None] & ~begins_B[:, None]
        return next_token.masked(logits_BxV, legal_BxV | is_over_Bx1)

    def _within_slice(self, memory: list[tf.Tensor]) -> tf.Tensor:
        """Marks the ids that may come after the first token of a slice, bool [B, V]."""
        tick_B, stood_B, program_B, lasted_B, height_B, has_drums_B, *_ = memory
        given_BxV = tf.range(len(self.given.ticks_V)) == tf.gather(self.given.token_N, stood_B)[:, None]
        given_BxV &= self._is_due(memory)[:, None]
        next_B = self._next_part(tick_B, stood_B)
        # Tempo and meter come first in a slice, after what tells its place.
        others_BxV = self._is_frame() | (
            (next_B != NOBODY)[:, None] & self._around(next_B, program_B, height_B, self._may_drum(tick_B, has_drums_B))
        )
        others_BxV |= self._is_kind("shift") & self._fits(tick_B, stood_B)
        others_BxV &= lasted_B[:, None] + self.given.durations_V <= (int(self.given.tick_N[-1]) - tick_B)[:, None]
        return given_BxV | (others_BxV & ~self._goes_on(next_B, stood_B)[:, None])

    def _around(self, next_B: tf.Tensor, program_B: tf.Tensor, height_B: tf.Tensor, may_drum_B: tf.Tensor) -> tf.Tensor:
        """Marks the notes of other parts that may stand before the next given part, and its program, bool [B, V]."""
        next_Bx1, program_Bx1, said_V = next_B[:, None], program_B[:, None], self.given.program_V
        is_free_P = ~np.isin(np.arange(LAST), self.given.parts)
        names_BxV = is_free_P[np.maximum(said_V, 0)] & (said_V < next_Bx1)
        names_BxV |= (said_V == next_Bx1) & (program_Bx1 != next_Bx1)
        plays_Bx1 = tf.gather(is_free_P, tf.maximum(program_B, 0))[:, None]
        plays_Bx1 &= (program_Bx1 >= 0) & (program_Bx1 < next_Bx1)
        drums_Bx1 = (next_Bx1 >= DRUMS) & may_drum_B[:, None]
        # A velocity is for a note below the last one; beside it that of given drums may stand.
        has_room_Bx1 = plays_Bx1 & (height_B > tf.gather(self.floor, tf.maximum(program_B, 0)))[:, None]
        return (
            ((said_V >= 0) & names_BxV)
            | (self._is_kind("note", "duration") & plays_Bx1)
            | (self._is_kind("velocity") & (has_room_Bx1 | drums_Bx1))
            | (self._is_kind("drum") & drums_Bx1)
        )

    def _may_drum(self, tick_B: tf.Tensor, has_drums_B: tf.Tensor) -> tf.Tensor:
        """Tells whether drums that are not given play, and a stroke ends with the song, bool [B]."""
        ends_B = tick_B + self.given.drum_ticks <= int(self.given.tick_N[-1])
        return has_drums_B & ends_B & (DRUMS not in self.given.parts)

    def _fits(self, tick_B: tf.Tensor, stood_B: tf.Tensor) -> tf.Tensor:
        """Marks the lengths of a slice that stays in its bar and leaves out nothing that is given, bool [B, V]."""
        until_B = tf.minimum(tf.gather(self.given.tick_N, stood_B), tf.gather(self.given.line_T, tick_B))
        return self.given.ticks_V <= (until_B - tick_B)[:, None]

    def _next_part(self, tick_B: tf.Tensor, stood_B: tf.Tensor) -> tf.Tensor:
        """Returns the part whose given token stands next at these ticks, `LAST` if none does, int32 [B]."""
        is_now_B = tf.gather(self.given.tick_N, stood_B) <= tick_B
        return tf.where(is_now_B, tf.gather(self.given.part_N, stood_B), LAST)

    def _goes_on(self, next_B: tf.Tensor, stood_B: tf.Tensor) -> tf.Tensor:
        """Tells whether a given part is in the midst of what it plays in a slice, bool [B]."""
        return (next_B < LAST) & ~tf.gather(self.given.begins_N, stood_B)

    def _is_due(self, memory: list[tf.Tensor]) -> tf.Tensor:
        """Tells whether the next given token may stand: its program is said, or it needs none, bool [B]; another part
        that was said, or its velocity, has its note first."""
        tick_B, stood_B, program_B, *_, waits_B = memory
        next_B = self._next_part(tick_B, stood_B)
        begins_B = (next_B == NOBODY) | (next_B == DRUMS) | ((next_B < DRUMS) & (program_B == next_B))
        return self._goes_on(next_B, stood_B) | (begins_B & ~waits_B)

    def _waits(self) -> npt.NDArray[np.bool_]:
        is_named_V = (self.given.program_V >= 0) & ~np.isin(self.given.program_V, self.given.parts)
        return is_named_V | self._is_kind("velocity")

    def _is_frame(self) -> npt.NDArray[np.bool_]:
        played = ("program", "velocity", "note", "duration", "drum", "shift")
        # Key and last bar are given before the first note.
        return ~self._is_kind(*played, *TOLD, "key", "last", *PHRASES)

    def _is_kind(self, *kinds: str) -> npt.NDArray[np.bool_]:
        return np.isin(self.given.kind_V, kinds)
