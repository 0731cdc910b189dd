"""A sampled song -> its files and its row."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generator import audio, render
from generator.plan import Sampling, Sound
from songs import layout, midi, storage
from songs.encodings import Encoding
from songs.song import TICKS_PER_QUARTER, About, Song
from songs.vocabulary import Vocabulary

if TYPE_CHECKING:
    # At run time it would bring TensorFlow into the program that only plans.
    from generator.batch import Sampled


@dataclasses.dataclass(frozen=True)
class Writer:
    """Writes songs into a songs directory.

    Attributes:
      folder: the directory.
      vocabulary: the model's.
      encoding: the model's.
      sampling: how the songs were sampled.
      sound: tempo, instrument, and whether to render sound.
    """

    folder: str
    vocabulary: Vocabulary
    encoding: Encoding
    sampling: Sampling
    sound: Sound

    def write(self, sampled: "Sampled") -> dict[str, Any]:
        """Publishes a song's MIDI, picture and sound; returns its row. Equal songs give equal bytes."""
        name = layout.song_name(sampled.song)
        primer, tokens = self.vocabulary.decode(sampled.primer), self.vocabulary.decode(sampled.tokens)
        song = self.encoding.decode([*primer, *tokens], About(source=f"{name}.mid", tempo=self.sound.tempo))
        data = midi.write(song, tempo=self.sound.tempo, program=self.sound.program, track_name=name)
        files = {"file": (f"{name}.mid", data), "picture": (f"{name}.png", render.piano_roll(song))}
        # A song cut before its first note was whole has none: its files are there, but nothing sounds.
        if self.sound.audio and len(song):
            files["audio"] = (f"{name}.{audio.EXTENSION}", audio.render(data))
        for file, content in files.values():
            storage.write_bytes(storage.join(self.folder, file), content)
        return {
            "song": sampled.song,
            **{key: file for key, (file, _) in files.items()},
            "seed": self.sampling.seed,
            "primer": primer,
            "tokens": tokens,
            "ended": sampled.ended,
            "log_likelihood": round(sampled.log_likelihood, 4),
            "notes": len(song.pitches),
            "seconds": round(_seconds(song, self.sound.tempo), 3),
            "roll": render.time_span(song),
            "settings": settings(self.sampling, self.sound),
        }

    def write_rows(self, index: int, count: int, rows: Sequence[dict[str, Any]]) -> None:
        """Publishes a batch's rows; a batch is made when they are there, so they come after its songs."""
        layout.write_rows(rows_path(self.folder, index, count), list(rows))


def rows_path(folder: str, index: int, count: int) -> str:
    """Where the rows of batch `index` of `count` lie."""
    return storage.join(folder, layout.rows_name(layout.SONGS, index, count))


def settings(sampling: Sampling, sound: Sound) -> dict[str, Any]:
    """What a song was made with, besides the model, the primer and the seed."""
    chosen = {key: value for key, value in dataclasses.asdict(sampling).items() if key != "seed"}
    return {**chosen, "tempo": sound.tempo, "program": sound.program}


def _seconds(song: Song, tempo: float) -> float:
    return song.end / TICKS_PER_QUARTER * 60 / tempo
