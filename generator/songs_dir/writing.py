"""A sampled song -> its files and its row."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generator.config import GenerateConfig
from generator.songs import copied_bars
from generator.songs.midi_songs import MidiSongs
from generator.songs_dir import audio, measuring, render
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage

if TYPE_CHECKING:
    # At run time it would bring TensorFlow into the program that only plans.
    from generator.sampling.song_state import SongIds


@dataclasses.dataclass(frozen=True)
class Writer:
    """Writes songs into a songs directory.

    Attributes:
      folder: the directory.
      vocabulary: the model's.
      encoding: the model's.
      config: how the songs were made, and how they sound.
      index: what training songs are known by; a worker reads it once.
    """

    folder: str
    vocabulary: Vocabulary
    encoding: Encoding
    config: GenerateConfig
    index: copied_bars.IndexFile | None = None

    def write(self, sampled: "SongIds") -> dict[str, Any]:
        """Publishes a song's MIDI, picture and sound; returns its row. Equal songs give equal bytes."""
        made = self._midi_songs.of(sampled)
        name, song = made.name, made.song
        files = {"file": (f"{name}.mid", made.midi), "picture": (f"{name}.png", render.piano_roll(song))}
        # A song cut before its first note was whole has none: its files are there, but nothing sounds.
        if not self.config.no_audio and len(song):
            files["audio"] = (f"{name}.{self.config.audio}", audio.render(made.midi, self.config.audio))
        for file, content in files.values():
            storage.write_bytes(storage.join(self.folder, file), content)
        given = len(self.encoding.decode(made.primer).pitches)
        return {
            "song": sampled.song,
            **{key: file for key, (file, _) in files.items()},
            "seed": self.config.seed,
            "primer": made.primer,
            "tokens": made.tokens,
            "ended": sampled.ended,
            "log_likelihood": round(sampled.log_likelihood, 4),
            "attempts": sampled.attempts,
            "refused": list(sampled.refused),
            **({"moved": made.moved} if self.config.moves else {}),
            **({"agreement": _agreement(sampled)} if sampled.fed else {}),
            "notes": len(song.pitches),
            "seconds": round(_seconds(song, self.config.tempo), 3),
            "roll": render.time_span(song),
            **measuring.columns(song, given),
            **(copied_bars.figures(song, self.index.read(), given) if self.index else {}),
            **({"explained": self._explained(sampled)} if sampled.explanations else {}),
            "settings": describe(self.config),
        }

    @functools.cached_property
    def _midi_songs(self) -> MidiSongs:
        return MidiSongs(self.vocabulary, self.encoding, self.config)

    def _explained(self, sampled: "SongIds") -> list[dict[str, Any]]:
        """Each token with its probability, its rank and the likeliest others."""
        tokens = self.vocabulary.tokens
        return [
            {
                "token": tokens[token.token],
                "probability": round(token.probability, 5),
                "rank": token.rank,
                "others": {tokens[other]: round(chance, 5) for other, chance in token.others},
            }
            for token in sampled.explanations
        ]

    def write_rows(self, index: int, count: int, rows: Sequence[dict[str, Any]]) -> None:
        """Publishes a batch's rows; a batch is made when they are there, so they come after its songs."""
        paths.write_rows(rows_path(self.folder, index, count), list(rows))


def rows_path(folder: str, index: int, count: int) -> str:
    """Where the rows of batch `index` of `count` lie."""
    return storage.join(folder, paths.rows_name(paths.SONGS, index, count))


def describe(config: GenerateConfig) -> dict[str, Any]:
    """What a song was made with besides the model and the seed: nothing that differs with how many there are."""
    elsewhere = ("seed", "num_songs", "audio", "no_audio", "data")
    return {key: value for key, value in config.as_dict().items() if key not in elsewhere}


def _agreement(sampled: "SongIds") -> float:
    """The share of places in which the token chosen is the one that was fed."""
    same = sum(chosen == true for chosen, true in zip(sampled.tokens, sampled.fed, strict=True))
    return round(same / len(sampled.fed), 4)


def _seconds(song: Song, tempo: float) -> float:
    return song.end / song.ticks_per_quarter * 60 / tempo
