"""Which sampled songs are not kept: those that are cut off, that cannot be heard in the key, or that copy too much."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from generator.config import GenerateConfig
from nabi.analysis import copies
from nabi.music.keys import KEY_NAMES, find_key, heard, is_heard
from nabi.music.song import Song

if TYPE_CHECKING:
    from generator.sampling.song_state import SongIds
    from nabi.networks.trained_model import TrainedModel

# Why a song is not kept.
CUT, KEY, COPIED = "cut", "key", "copied"


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why a sampled song has to be made again.

    Attributes:
      model: whose song it is.
      config: what is asked of songs.
      index: of the model's training songs; None where none may be judged by it.
    """

    model: "TrainedModel"
    config: GenerateConfig
    index: copies.Index | None = None

    def __call__(self, sampled: "SongIds") -> str:
        """The reason in a word; "" for a song that is kept."""
        if self.config.ended and not sampled.ended:
            return CUT
        primer, tokens = (self.model.vocabulary.decode(ids) for ids in (sampled.primer, sampled.tokens))
        song = self.model.encoding.decode([*primer, *tokens])
        if shift(song, self.config) is None:
            return KEY
        return COPIED if self._copies(song, len(self.model.encoding.decode(primer).pitches)) else ""

    def _copies(self, song: Song, given: int) -> bool:
        """Whether it copies too many bars; what its primer gave does not count."""
        if not self.config.max_copied_bars or not self.index:
            return False
        return copies.find(copies.after(song, given), self.index).longest_bars > self.config.max_copied_bars


def refusal(
    model: "TrainedModel", config: GenerateConfig, index: copies.Index | None
) -> Callable[["SongIds"], str] | None:
    """What refuses songs by these settings; None if nothing does: where songs would come out the same, too."""
    if config.decoding != "sample":
        return None
    asked = config.ended or config.max_copied_bars > 0 or judged_key(config) is not None
    return Refusal(model, config, index) if asked else None


def judged_key(config: GenerateConfig) -> str | None:
    """The key that songs have to be heard in, one of KEY_NAMES; None: any."""
    return heard(config.in_key) if config.in_key and is_heard(config.in_key) else None


def shift(song: Song, config: GenerateConfig) -> int | None:
    """How many semitones a song has to be moved to be heard in the key that was asked for, the fewest; 0 if none was.

    Returns:
      None for a song that is not heard in it and may not be moved, is of the other mode, or would leave MIDI's pitches.
    """
    found, asked = find_key(song), judged_key(config)
    if asked is None or (found is not None and found.name == asked):
        return 0
    if found is None or not config.moves or found.name.split()[1] != asked.split()[1]:
        return None
    up = (KEY_NAMES.index(asked) - found.tonic) % 12
    fits = [by for by in (up, up - 12) if song.pitches.min() + by >= 0 and song.pitches.max() + by < 128]
    return min(fits, key=abs, default=None)


def cost(summary: Mapping[str, Any], config: GenerateConfig) -> str:
    """What it took to make songs that are as they were asked for, in a sentence; "" where nothing was asked.

    Args:
      summary: as `generator.songs_dir.summary` has it.
      config: what was asked.
    """
    asked, songs = judged_key(config), summary["songs"]
    said = []
    if config.ended:
        said.append(f"{summary['ended']:,} of {songs:,} songs came to their end")
    if asked:
        said.append(f"{summary['keys'].get(asked, 0):,} of {songs:,} songs are heard in {asked}")
    refused = {reason: count for reason, count in summary["refused"].items() if count}
    if not said and not refused:
        return ""
    reasons = {CUT: "cut off", KEY: "in another key", COPIED: "copied"}
    drawn = ", ".join(f"{count:,} {reasons[reason]}" for reason, count in refused.items()) or "none"
    return f"{'; '.join([*said, ''])}{songs + sum(refused.values()):,} were made; not kept: {drawn}"
