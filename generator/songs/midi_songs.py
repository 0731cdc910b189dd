"""A sampled song's ids -> its music: notes, tokens, a MIDI file."""

import dataclasses
import functools
from typing import TYPE_CHECKING

from generator.config import GenerateConfig
from generator.sampling.grammar import Grammar
from generator.songs.refusal import shift
from nabi.music.encodings import Encoding
from nabi.music.keys import find_key, signature
from nabi.music.song import About, Song
from nabi.music.vocabulary import Vocabulary
from nabi.reading import midi_writer
from nabi.workspace import paths

if TYPE_CHECKING:
    # At run time it would bring TensorFlow into the program that only plans.
    from generator.sampling.song_state import SongIds


@dataclasses.dataclass(frozen=True)
class MidiSong:
    """A sampled song as it sounds.

    Attributes:
      name: stem of its files, such as `song-00007`.
      song: its notes.
      primer: the tokens that it was started with.
      tokens: those that were sampled, or, where the song was moved into another key, all tokens of the moved song.
      moved: semitones that it was moved by.
      midi: the content of its MIDI file.
    """

    name: str
    song: Song
    primer: list[str]
    tokens: list[str]
    moved: int
    midi: bytes


@dataclasses.dataclass(frozen=True)
class MidiSongs:
    """Turns a model's ids into music.

    Attributes:
      vocabulary: the model's.
      encoding: the model's.
      config: how the songs were made, and how they sound.
    """

    vocabulary: Vocabulary
    encoding: Encoding
    config: GenerateConfig

    def of(self, sampled: "SongIds") -> MidiSong:
        """Decodes a song, moves it into the key that was asked for, and writes its MIDI; equal ids give equal bytes."""
        name = paths.song_name(sampled.song)
        primer, tokens = self.vocabulary.decode(sampled.primer), self.vocabulary.decode(sampled.tokens)
        music = self._music(sampled)
        moved = shift(music, self.config) or 0
        if moved:
            music = music.transpose(moved)
            tokens = self.encoding.spell(self.encoding.encode(music), self.vocabulary.ids)
        song = self._about(name, music)
        sounds = {"tempo": self.config.tempo, "program": self.config.program}
        data = midi_writer.write(song, **sounds, track_name=name, velocity=self.config.velocity or None)
        return MidiSong(name, song, primer, tokens, moved, data)

    def _music(self, sampled: "SongIds") -> Song:
        """What sounds of a song: all of it, or, where other tokens were fed, what of it may follow one another."""
        ids = [*sampled.primer, *sampled.tokens]
        return self.encoding.decode(self.vocabulary.decode(self._grammar.walk(ids) if sampled.fed else ids))

    @functools.cached_property
    def _grammar(self) -> Grammar:
        return Grammar.of(self.vocabulary, self.encoding, ends=False)

    def _about(self, name: str, song: Song) -> Song:
        """The song with what programs show of it; the key is the one asked for, else the one that it is in."""
        found = find_key(song)
        asked = signature(self.config.in_key) if self.config.in_key else None
        return dataclasses.replace(
            song,
            about=About(
                source=f"{name}.mid",
                tempo=self.config.tempo,
                time_signature=self.config.meter,
                key_signature=asked or (found.name if found else None),
            ),
        )
