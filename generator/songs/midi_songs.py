"""Conversion of a sampled song's ids to music: notes, tokens and a MIDI file."""

import dataclasses
import functools
from typing import TYPE_CHECKING

from generator.config import GenerateConfig
from generator.sampling.grammar import Grammar
from generator.songs.refusal import shift
from nabi.music import voice_split
from nabi.music.about import About
from nabi.music.band import has_tempi
from nabi.music.encodings import Encoding, Voices
from nabi.music.keys import find_key, signature
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary
from nabi.music.voice_split import Part
from nabi.reading import midi_writer
from nabi.workspace import paths

if TYPE_CHECKING:
    # At run time this import would load TensorFlow into the launcher, which does not need it.
    from generator.sampling.song_state import SongIds


@dataclasses.dataclass(frozen=True)
class MidiSong:
    """A sampled song as music.

    Attributes:
      name: stem of its files, such as `song-00007`.
      song: notes.
      primer: tokens that it begins with.
      tokens: sampled tokens, or all tokens of the song if it was transposed.
      moved: semitones by which it was transposed.
      midi: content of its MIDI file.
      parts: its voices, of which each has a track of its own; () for one track.
    """

    name: str
    song: Song
    primer: list[str]
    tokens: list[str]
    moved: int
    midi: bytes
    parts: tuple[Part, ...] = ()


@dataclasses.dataclass(frozen=True)
class MidiSongs:
    """Converts a model's ids to music.

    Attributes:
      vocabulary: vocabulary of the model.
      encoding: encoding of the model.
      config: key, tempo, program, velocity and meter of the songs.
    """

    vocabulary: Vocabulary
    encoding: Encoding
    config: GenerateConfig

    def of(self, sampled: "SongIds") -> MidiSong:
        """Decodes a song, transposes it into the key of `--key`, and writes its MIDI; equal ids give equal bytes."""
        name = paths.song_name(sampled.song)
        primer, tokens = self.vocabulary.decode(sampled.primer), self.vocabulary.decode(sampled.tokens)
        music = self._music(sampled)
        moved = shift(music, self.config) or 0
        if moved:
            music = music.transpose(moved)
            tokens = self.encoding.spell(self.encoding.encode(music), self.vocabulary.ids)
        song = self._about(name, music)
        parts = voice_split.parts(song) if self.encoding.name == Voices.name else ()
        data = midi_writer.write(
            song,
            tempo=None if has_tempi(song.band) else self.config.tempo,
            program=self.config.program,
            parts=parts,
            track_name=name,
            velocity=self.config.velocity or None,
        )
        return MidiSong(name, song, primer, tokens, moved, data, parts)

    def _music(self, sampled: "SongIds") -> Song:
        """Decodes all ids of a song, or, where true ids were fed, the sampled ones that the grammar allows in a row."""
        ids = [*sampled.primer, *sampled.tokens]
        return self.encoding.decode(self.vocabulary.decode(self._grammar.walk(ids) if sampled.fed else ids))

    @functools.cached_property
    def _grammar(self) -> Grammar:
        return Grammar.of(self.vocabulary, self.encoding, ends=False)

    def _about(self, name: str, song: Song) -> Song:
        """Adds tempo, meter and key signature: that of `--key`, or else the key that is found in the song."""
        found = find_key(song)
        chosen = signature(self.config.in_key) if self.config.in_key else None
        return dataclasses.replace(
            song,
            about=About(
                source=f"{name}.mid",
                tempo=self.config.tempo,
                time_signature=song.about.time_signature or self.config.time_signature,
                key_signature=chosen or (found.name if found else None),
                phrase_ends=song.about.phrase_ends,
            ),
        )
