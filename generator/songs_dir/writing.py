"""Writing of a sampled song: its files and its row."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generator.config import GenerateConfig
from generator.flag_values import MUSIC_XML, PDF, SVG
from generator.songs import candidates, copied_bars
from generator.songs.midi_songs import MidiSong, MidiSongs
from generator.songs_dir import audio, engraving, measuring, part_rows, parts_page, render, stems
from generator.songs_dir.explained_tokens import explained_tokens
from nabi.music import voice_split
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.music.vocabulary import Vocabulary
from nabi.reading import midi_writer, musicxml_writer
from nabi.workspace import paths, storage

if TYPE_CHECKING:
    # At run time this import would load TensorFlow into the launcher, which does not need it.
    from generator.sampling.song_state import SongIds


@dataclasses.dataclass(frozen=True)
class Writer:
    """Writes songs into a songs directory.

    Attributes:
      folder: songs directory.
      vocabulary: vocabulary of the model.
      encoding: encoding of the model.
      config: settings of the songs.
      index: index of the training songs, which a worker reads once; None if the model has none.
      given_sha256: of the file whose notes the songs keep; "" if they keep none.
    """

    folder: str
    vocabulary: Vocabulary
    encoding: Encoding
    config: GenerateConfig
    index: copied_bars.IndexFile | None = None
    given_sha256: str = ""

    def write(self, sampled: "SongIds") -> dict[str, Any]:
        """Publishes a song's MIDI, scores, picture and audio; returns its row. Equal songs give equal bytes."""
        converted = self._midi_songs.of(sampled)
        name, song = converted.name, converted.song
        files = {"file": (f"{name}.mid", converted.midi), "picture": (f"{name}.png", render.piano_roll(song))}
        files |= self._scores(converted)
        # A song that was cut off before its first note was complete has no notes, and so no audio.
        if len(song):
            files |= self._sound(converted)
        for file, content in files.values():
            storage.write_bytes(storage.join(self.folder, file), content)
        primer_song = self.encoding.decode(converted.primer)
        primer_notes = len(primer_song.merged().pitches)
        return {
            "song": sampled.song,
            **{key: file for key, (file, _) in files.items()},
            "seed": self.config.seed,
            "primer": converted.primer,
            "tokens": converted.tokens,
            "ended": sampled.ended,
            "log_likelihood": round(sampled.log_likelihood, 4),
            "attempts": sampled.attempts,
            "refused": list(sampled.refused),
            **self._among_candidates(sampled, len(song.pitches) - len(primer_song.pitches)),
            **({"moved": converted.moved} if self.config.moves else {}),
            **({"agreement": _agreement(sampled)} if sampled.fed else {}),
            "notes": len(song.pitches),
            "seconds": round(_seconds(song, self.config.tempo), 3),
            "roll": render.time_span(song),
            **measuring.columns(song, primer_notes),
            **self._parts(song, primer_song),
            **(copied_bars.figures(song, self.index.read(), primer_notes) if self.index else {}),
            **self._explained(sampled, song),
            "settings": describe(self.config, self.given_sha256),
        }

    def _sound(self, converted: MidiSong) -> dict[str, tuple[str, bytes]]:
        """Renders audio, unless there is to be none, and of a band what the songs page mutes and solos its parts by."""
        name, kind = converted.name, self.config.audio
        has_parts, sound, parts = parts_page.has_page(converted.song), None, None
        if kind != "none" and has_parts:
            sound, parts = stems.render(converted.midi, kind)
        elif kind != "none":
            sound = audio.render(converted.midi, kind)
        files = {"audio": (f"{name}.{kind}", sound)} if sound else {}
        if has_parts:
            files["parts_page"] = (f"{name}.parts.html", parts_page.page(name, converted.song, parts))
        return files

    @functools.cached_property
    def _midi_songs(self) -> MidiSongs:
        return MidiSongs(self.vocabulary, self.encoding, self.config)

    def _scores(self, converted: MidiSong) -> dict[str, tuple[str, bytes]]:
        """Writes the scores that are asked for, key of the row -> file name and content."""
        formats = {MUSIC_XML, SVG, PDF} & set(self.config.output_format)
        if not formats:
            return {}
        score, name = self._score(converted), converted.name
        files = {"score": (f"{name}.musicxml", score)} if MUSIC_XML in formats else {}
        if SVG in formats:
            files["engraving"] = (f"{name}.svg", engraving.svg(score))
        if PDF in formats:
            files["pdf"] = (f"{name}.pdf", engraving.pdf(score))
        return files

    def _score(self, converted: MidiSong) -> bytes:
        song = converted.song
        return musicxml_writer.write(
            song.merged(),
            tempo=self.config.tempo,
            program=self.config.program,
            title=converted.name,
            parts=voice_split.of_band(song) or converted.parts,
        )

    def _among_candidates(self, sampled: "SongIds", notes: int) -> dict[str, Any]:
        """Describes the choice of a song among several: their number, and its nats a sampled note, None without any."""
        if self.config.candidates == 1:
            return {}
        surprise = round(candidates.nats_per_note(sampled.log_likelihood, notes), 4) if notes else None
        return {"candidates": self.config.candidates, "nats_per_note": surprise}

    def _parts(self, song: Song, primer: Song) -> dict[str, list[dict[str, Any]]]:
        copied = copied_bars.of_parts(song, self.index.read(), primer) if self.index else {}
        return part_rows.columns(song, copied)

    def _explained(self, sampled: "SongIds", song: Song) -> dict[str, Any]:
        if not sampled.explanations:
            return {}
        return {"explained": explained_tokens(sampled, song, self.vocabulary, self.encoding)}

    def write_rows(self, index: int, count: int, rows: Sequence[dict[str, Any]]) -> None:
        """Publishes a batch's rows, after its songs: their existence marks the batch as finished."""
        paths.write_rows(rows_path(self.folder, index, count), list(rows))


def rows_path(folder: str, index: int, count: int) -> str:
    """Returns the path of the rows of batch `index` of `count`."""
    return storage.join(folder, paths.rows_name(paths.SONGS, index, count))


def describe(config: GenerateConfig, given_sha256: str = "") -> dict[str, Any]:
    """Selects the settings that a song depends on, without the seed, which has a column of its own.

    Args:
      config: settings of the songs.
      given_sha256: of the file of `--harmonize` or `--accompany`, as `harmonize_sha256` or `accompany_sha256`.
    """
    omitted = ("seed", "num_songs", "output_format", "audio", "data")
    settings = {key: value for key, value in config.as_dict().items() if key not in omitted}
    flag = "accompany" if config.accompany else "harmonize"
    return {**settings, f"{flag}_sha256": given_sha256} if given_sha256 else settings


def _agreement(sampled: "SongIds") -> float:
    """Computes the share of positions at which the sampled token is the one that was fed, 0..1."""
    same = sum(chosen == true for chosen, true in zip(sampled.tokens, sampled.fed, strict=True))
    return round(same / len(sampled.fed), 4)


def _seconds(song: Song, tempo: float) -> float:
    timeline = song.band.timeline if song.band else Timeline.of()
    # What is written without a tempo is played at MIDI's own one.
    until_told = midi_writer.DEFAULT_TEMPO if len(timeline.tempi) else tempo
    return timeline.seconds(song.end, song.ticks_per_quarter, until_told)
