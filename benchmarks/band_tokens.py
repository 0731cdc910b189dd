"""Measures `band` on real files: what it costs in tokens beside MidiTok's REMI with programs, and what comes back.

python -m benchmarks.band_tokens tokens FOLDER ... [--files 150]
python -m benchmarks.band_tokens roundtrip FOLDER ... [--files 25]
python -m benchmarks.band_tokens hits FOLDER ... [--files 300]

`tokens` needs MidiTok beside Nabi's own packages, in turns in one process: `pip install --target DIR --no-deps
miditok==3.0.6 tokenizers huggingface_hub tqdm filelock fsspec pyyaml hf-xet`, and DIR on PYTHONPATH. `roundtrip` writes
each song as tokens, reads these as a song, writes that as MIDI, and has it read by symusic, mido and music21. `hits`
reads recordings in seconds, and tells how far each hit lies, in the MIDI that is made of the tokens, from where it was.
"""

import argparse
import collections
import io
import itertools
import pathlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import mido
import music21
import numpy as np
import symusic

from nabi.music.encodings import Bands
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading import fast_midi, file_reader, midi_writer
from nabi.reading.read_settings import DIVISORS_OF_SECONDS, ReadSettings
from nabi.workspace.commands import Parser

_TURNS = 5
_FILES_A_TURN = 10
_PARTS = ReadSettings(parts=True)

# (program or None for drums, start, end, pitch, velocity) of notes in file ticks; (tick, microseconds) of tempi.
Played = tuple[list[tuple[int, int, int, int, int]], list[tuple[int, int]]]
_DRUMS = 128


def main() -> None:
    """Runs one command."""
    parser = Parser("python -m benchmarks.band_tokens", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, files in (("tokens", 150), ("roundtrip", 25), ("hits", 300)):
        command = commands.add_parser(name)
        command.add_argument("folder", nargs="+", type=pathlib.Path)
        command.add_argument("--files", type=int, default=files, help=f"of each folder, at most (default: {files})")
    flags: argparse.Namespace = parser.parse_or_exit()
    for folder in flags.folder:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
        data = [path.read_bytes() for path in found[:: max(len(found) // flags.files, 1)][: flags.files]]
        {"tokens": _tokens, "roundtrip": _round_trip, "hits": _hits}[flags.command](folder.name, data)


def _tokens(name: str, files: Sequence[bytes]) -> None:
    """Prints tokens a note, and tokens a second from the bytes and from songs that are read, of both systems."""
    import miditok

    grid = {(0, 8): 12}
    config = miditok.TokenizerConfig(
        use_programs=True, use_tempos=True, use_time_signatures=True, num_velocities=8, beat_res=grid
    )
    remi, band = miditok.REMI(config), Bands()
    songs = list(_songs(files))
    scores = [symusic.Score.from_midi(data) for data in files]
    notes = sum(len(song.pitches) for song in songs)
    written = sum(len(band.encode(song)) for song in songs)
    remi_notes = sum(len(track.notes) for score in scores for track in score.tracks)
    remi_written = sum(len(remi(score).tokens) for score in scores)
    ratios = {
        "from bytes": _ratio(
            files,
            lambda data: band.encode(fast_midi.read(data, _PARTS)),
            lambda data: remi(symusic.Score.from_midi(data)).tokens,
        ),
    }
    print(
        f"{name:12} {len(songs)} songs, {notes:,} notes: band {written / notes:.2f} tokens a note, REMI with programs "
        f"{remi_written / remi_notes:.2f}; tokens a second, band : REMI "
        + ", ".join(f"{how} {ratio:.2f}" for how, ratio in ratios.items())
    )


def _ratio(files: Sequence[bytes], band: Callable[[bytes], list[str]], remi: Callable[[bytes], list[str]]) -> float:
    """Returns how many times as many tokens a second the first gives as the second: the median of turns."""
    rates = []
    for turn in range(_TURNS + 1):
        chosen = [files[(turn * _FILES_A_TURN + at) % len(files)] for at in range(_FILES_A_TURN)]
        rate = {}
        for name, encode in (("band", band), ("remi", remi)):
            began, tokens = time.perf_counter(), 0
            for data in chosen:
                try:
                    tokens += len(encode(data))
                except ParseError:
                    continue
            rate[name] = tokens / (time.perf_counter() - began)
        rates.append(rate["band"] / rate["remi"])
    # The first turn compiles.
    return statistics.median(rates[1:])


def _songs(files: Sequence[bytes]) -> Iterator[Song]:
    for data in files:
        try:
            yield file_reader.read_song(data, source="", settings=_PARTS)
        except ParseError:
            continue


def _round_trip(name: str, files: Sequence[bytes]) -> None:
    """Prints how many songs come back equal from each reader; exits with 1 if one does not."""
    band, readers = Bands(), {"symusic": _by_symusic, "mido": _by_mido, "music21": _by_music21}
    songs = list(_songs(files))
    equal = dict.fromkeys(readers, 0)
    for song in songs:
        reduced = band.reduce(song)
        data = midi_writer.write(band.decode(band.encode(song), song.about))
        for reader, read in readers.items():
            equal[reader] += read(data) == _played(reduced)
    print(f"{name:12} {len(songs)} songs, notes, programs, velocities and tempi equal: {equal}")
    if set(equal.values()) != {len(songs)}:
        sys.exit(1)


def _hits(name: str, files: Sequence[bytes]) -> None:
    """Prints how far hits lie from where they were played, and how many fell together with another."""
    settings = ReadSettings(divisors=DIVISORS_OF_SECONDS, parts=True, time="seconds")
    band = Bands(divisors=DIVISORS_OF_SECONDS)
    distances, played = [], 0
    for data in files:
        try:
            song = file_reader.read_song(data, source="", settings=settings)
        except ParseError:
            continue
        before, after = (
            _seconds(midi) for midi in (data, midi_writer.write(band.decode(band.encode(song), song.about)))
        )
        played += sum(map(len, before.values()))
        for pitch, times in before.items():
            found = np.array(sorted(after[pitch]))
            nearest = np.abs(np.array(times)[:, None] - found).min(axis=1)
            # Each hit of the tokens has one that was played: the others fell together.
            distances += np.sort(nearest)[: len(found)].tolist()
    milliseconds = 1e3 * np.array(distances)
    print(
        f"{name:12} {played:,} hits, {played - len(distances)} fell together with another in 10 ms; moved by "
        f"{milliseconds.mean():.2f} ms on the average, {milliseconds.max():.2f} at most"
    )


def _seconds(midi: bytes) -> dict[int, list[float]]:
    """Lists the onsets of each pitch, in seconds."""
    onsets = collections.defaultdict(list)
    for track in symusic.Score.from_midi(midi).to("second").tracks:
        for note in track.notes:
            onsets[note.pitch].append(note.time)
    return onsets


def _played(song: Song) -> Played:
    """Lists the notes and the tempi of a song as its MIDI file has them."""
    assert song.band
    scale = -(-480 // song.ticks_per_quarter)
    programs = [_DRUMS if player.is_drums else player.program for player in song.band.instruments]
    columns = (song.note_parts(), *song.notes(), song.band.velocity)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    notes = [
        (programs[part], scale * start, scale * (start + length), pitch, velocity)
        for part, start, length, pitch, velocity in rows
    ]
    return sorted(notes), [(scale * tick, tempo) for tick, tempo in song.band.timeline.tempi.tolist()]


def _by_symusic(data: bytes) -> Played:
    score = symusic.Score.from_midi(data)
    notes = [
        (_DRUMS if track.is_drum else track.program, note.start, note.end, note.pitch, note.velocity)
        for track in score.tracks
        for note in track.notes
    ]
    # symusic adds a tempo at 0 where there is none.
    return sorted(notes), [(tempo.time, tempo.mspq) for tempo in score.tempos]


def _by_mido(data: bytes) -> Played:
    notes, tempi = [], []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        program, sounding = 0, {}
        times = itertools.accumulate(message.time for message in track)
        for now, message in zip(times, track, strict=True):
            if message.type == "program_change":
                program = message.program
            elif message.type == "set_tempo":
                tempi.append((now, message.tempo))
            elif message.type == "note_on":
                sounding[message.note] = (now, message.velocity)
            elif message.type == "note_off":
                begun, velocity = sounding.pop(message.note)
                number = _DRUMS if message.channel == 9 else program
                notes.append((number, begun, now, message.note, velocity))
    return sorted(notes), tempi


def _by_music21(data: bytes) -> Played:
    file = music21.midi.MidiFile()
    file.readstr(data)
    notes, tempi = [], []
    for track in file.tracks:
        timed = music21.midi.translate.getTimeForEvents(track)
        programs = [event.data for _, event in timed if event.type == music21.midi.ChannelVoiceMessages.PROGRAM_CHANGE]
        for note in music21.midi.translate.getNotesFromEvents(timed):
            number = _DRUMS if note.event.channel == 10 else programs[0]
            notes.append((number, note.onTime, note.offTime, note.event.pitch, note.event.velocity))
        kind = music21.midi.MetaEvents.SET_TEMPO
        tempi += [(now, int.from_bytes(event.data, "big")) for now, event in timed if event.type == kind]
    return sorted(notes), tempi


if __name__ == "__main__":
    main()
