"""Refusal of sampled songs that are cut off, cannot be heard in the key of `--key`, lack a part, or copy too much."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from generator.config import GenerateConfig
from nabi.analysis import copies
from nabi.music import part_choice
from nabi.music.keys import KEY_NAMES, find_key, is_recognised, major_or_minor
from nabi.music.song import Song

if TYPE_CHECKING:
    from generator.sampling.song_state import SongIds
    from nabi.networks.trained_model import TrainedModel

# Reasons for a refusal.
CUT, KEY, PARTS, COPIED = "cut", "key", "parts", "copied"


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A rule that decides whether a sampled song has to be sampled again.

    Attributes:
      model: model of the songs.
      config: conditions that songs have to meet.
      index: index of the model's training songs; None if copies are not looked for.
    """

    model: "TrainedModel"
    config: GenerateConfig
    index: copies.Index | None = None

    def __call__(self, sampled: "SongIds") -> str:
        """Returns the reason of the refusal in a word, or "" for a song that is kept."""
        if self.config.ended and not sampled.ended:
            return CUT
        primer, tokens = (self.model.vocabulary.decode(ids) for ids in (sampled.primer, sampled.tokens))
        song = self.model.encoding.decode([*primer, *tokens])
        if shift(song, self.config) is None:
            return KEY
        if missing_parts(song, self.config):
            return PARTS
        return COPIED if self._copies(song, len(self.model.encoding.decode(primer).merged().pitches)) else ""

    def _copies(self, song: Song, primer_notes: int) -> bool:
        """Checks for more than `--max_copied_bars` copied bars; notes of the primer do not count."""
        if not self.config.max_copied_bars or not self.index:
            return False
        return copies.find(copies.after(song, primer_notes), self.index).longest_bars > self.config.max_copied_bars


def missing_parts(song: Song, config: GenerateConfig) -> list[str]:
    """Lists the words of `--parts` and `--drums` that no part of a song answers to."""
    players = song.band.instruments if song.band else ()
    return [word for word in config.asked_parts if not any(map(part_choice.plays(word), players))]


def refusal(
    model: "TrainedModel", config: GenerateConfig, index: copies.Index | None
) -> Callable[["SongIds"], str] | None:
    """Builds the rule of these settings; None if they keep every song, or if sampling again would change nothing."""
    if config.decoding != "sample":
        return None
    has_condition = (
        config.ended or config.max_copied_bars > 0 or judged_key(config) is not None or bool(config.asked_parts)
    )
    return Refusal(model, config, index) if has_condition else None


def judged_key(config: GenerateConfig) -> str | None:
    """Returns the key that songs have to be heard in, one of KEY_NAMES; None: any."""
    return major_or_minor(config.in_key) if config.in_key and is_recognised(config.in_key) else None


def shift(song: Song, config: GenerateConfig) -> int | None:
    """Computes the smallest transposition, in semitones, after which a song is heard in the key of `--key`.

    Returns:
      0 without `--key` or in that key; None for a song in another key that may not be transposed, has the other mode,
      or would leave the pitches 0..127.
    """
    found, key = find_key(song), judged_key(config)
    if key is None or (found is not None and found.name == key):
        return 0
    if found is None or not config.moves or found.name.split()[1] != key.split()[1]:
        return None
    up = (KEY_NAMES.index(key) - found.tonic) % 12
    # NumPy's 8-bit numbers know no negative ones: NumPy 2 raises.
    pitches = song.merged().pitches
    lowest, highest = int(pitches.min()), int(pitches.max())
    fits = [by for by in (up, up - 12) if lowest + by >= 0 and highest + by < 128]
    return min(fits, key=abs, default=None)


def cost(summary: Mapping[str, Any], config: GenerateConfig) -> str:
    """Describes in a sentence how many songs were sampled and refused; "" if each song was kept as it came.

    Args:
      summary: summary of the songs (`generator.songs_dir.summary`).
      config: conditions that the songs had to meet.
    """
    key, songs = judged_key(config), summary["songs"]
    clauses = []
    if config.ended or config.candidates > 1:
        clauses.append(f"{summary['ended']:,} of {songs:,} songs came to their end")
    if key:
        clauses.append(f"{summary['keys'].get(key, 0):,} of {songs:,} songs are heard in {key}")
    refused = {reason: count for reason, count in summary["refused"].items() if count}
    if not clauses and not refused:
        return ""
    reasons = {CUT: "cut off", KEY: "in another key", PARTS: "without a part that was asked for", COPIED: "copied"}
    drawn = ", ".join(f"{count:,} {reasons[reason]}" for reason, count in refused.items()) or "none"
    made = f"{songs * config.candidates + sum(refused.values()):,} were made"
    if config.candidates > 1:
        return (
            f"{'; '.join([*clauses, made])}, and the likeliest of every {config.candidates} kept; made again: {drawn}"
        )
    return f"{'; '.join([*clauses, made])}; not kept: {drawn}"
