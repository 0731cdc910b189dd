"""Changed copies of MIDI files, such as collections of music have, to test near-duplicate detection."""

import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import symusic

from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading.file_reader import read_song

# Notes of a file's tracks without drums: (start, duration, pitch) in the file's ticks, [N, 3] each.
Tracks = list[npt.NDArray[np.int64]]

# (ticks a quarter note, tracks, random generator) -> tracks; None if the file cannot be changed this way.
Change = Callable[[int, Tracks, np.random.Generator], Tracks | None]


def copies(files: dict[str, pathlib.Path], change: Change) -> Iterator[tuple[str, Song]]:
    """Changes files; yields (name of the original, its copy) of those that can be changed this way."""
    for name, path in files.items():
        try:
            ticks, tracks = tracks_of(path)
            changed = change(ticks, tracks, np.random.default_rng(int(name[:8], 16))) if tracks else None
            if changed and all(notes[:, 2].min() >= 0 and notes[:, 2].max() <= 127 for notes in changed):
                yield name, song_of(ticks, changed)
        except (ParseError, RuntimeError):
            continue


def tracks_of(path: pathlib.Path) -> tuple[int, Tracks]:
    """Reads a file; returns (ticks a quarter note, tracks with notes)."""
    score = symusic.Score(path)
    columns = [track.notes.numpy() for track in score.tracks if len(track.notes) and not track.is_drum]
    tracks = [np.stack([notes["time"], notes["duration"], notes["pitch"]], 1).astype(np.int64) for notes in columns]
    return score.ticks_per_quarter, tracks


def song_of(ticks_per_quarter: int, tracks: Tracks) -> Song:
    """Writes tracks to a MIDI file without a tempo, and reads its song."""
    score = symusic.Score(ticks_per_quarter)
    for notes in tracks:
        track = symusic.Track(name="", program=0, is_drum=False)
        loud = np.full(len(notes), 80, np.int8)
        start, duration, pitch = notes.T
        track.notes = symusic.Note.from_numpy(
            start.astype(np.int32), duration.astype(np.int32), pitch.astype(np.int8), loud, "tick"
        )
        score.tracks.append(track)
    return read_song(score.dumps_midi(), source="copy.mid")


def transpose(tracks: Tracks, semitones: int) -> Tracks:
    """Moves all notes by semitones."""
    return [notes + np.array([0, 0, semitones]) for notes in tracks]


def stretch(tracks: Tracks, factor: float) -> Tracks:
    """Multiplies starts and durations by a factor, and rounds them to ticks."""
    return [np.maximum(np.round(notes * [factor, factor, 1]), [0, 1, 0]).astype(np.int64) for notes in tracks]


def stretch_if_apart(ticks_per_quarter: int, tracks: Tracks, factor: float) -> Tracks | None:
    """Stretches tracks whose onsets are equal or at least a sixteenth apart before and after, so that none merge."""
    least = ticks_per_quarter / 4 / min(factor, 1)
    waits = np.concatenate([np.diff(np.unique(notes[:, 0])) for notes in tracks])
    return stretch(tracks, factor) if (waits >= least).all() else None


def merge(tracks: Tracks) -> Tracks:
    """Merges all notes into one track."""
    return [np.concatenate(tracks)]


def part_by_hand(tracks: Tracks) -> Tracks:
    """Splits the notes into a track from C4 up and a track below it."""
    (notes,) = merge(tracks)
    high = notes[:, 2] >= 60
    return [part for part in (notes[high], notes[~high]) if len(part)]


def without(tracks: Tracks, index: int) -> Tracks | None:
    """Removes a track; None if there is no such track, or no other."""
    return tracks[:index] + tracks[index + 1 :] if index < len(tracks) > 1 else None


def change_notes(tracks: Tracks, ticks_per_quarter: int, random: np.random.Generator) -> Tracks:
    """Changes 5 % of the notes: a third is removed, a third moved in pitch, a third moved by a sixteenth note."""
    changed = []
    for notes in tracks:
        dice = random.random(len(notes)) * 60
        other, moved = dice < 1, (dice >= 1) & (dice < 2)
        shifts = random.choice([-4, -3, -2, -1, 1, 2, 3, 4], len(notes))
        pitch = np.clip(notes[:, 2] + other * shifts, 0, 127)
        start = np.maximum(notes[:, 0] + moved * np.sign(shifts) * (ticks_per_quarter // 4), 0)
        changed.append(np.stack([start, notes[:, 1], pitch], axis=1)[(dice < 2) | (dice >= 3)])
    return [notes for notes in changed if len(notes)]


def cut_verse(tracks: Tracks, ticks_per_quarter: int, random: np.random.Generator) -> Tracks:
    """Cuts a third of the song out in one piece that begins on a beat, and closes the gap."""
    beats = int(max(notes[:, 0].max() for notes in tracks)) // ticks_per_quarter
    begin = int(random.integers(0, max(beats - beats // 3, 1))) * ticks_per_quarter
    end = begin + beats // 3 * ticks_per_quarter
    kept = [notes[(notes[:, 0] < begin) | (notes[:, 0] >= end)] for notes in tracks]
    return [notes - [end - begin, 0, 0] * (notes[:, :1] >= end) for notes in kept if len(notes)]


COPIES: dict[str, Change] = {
    "transposed by a fourth": lambda ticks, tracks, random: transpose(tracks, 5),
    "transposed down a tone": lambda ticks, tracks, random: transpose(tracks, -2),
    "tempo mark missing": lambda ticks, tracks, random: tracks,
    "values doubled, none merged": lambda ticks, tracks, random: stretch_if_apart(ticks, tracks, 2),
    "values halved, none merged": lambda ticks, tracks, random: stretch_if_apart(ticks, tracks, 1 / 2),
    "values doubled": lambda ticks, tracks, random: stretch(tracks, 2),
    "values halved": lambda ticks, tracks, random: stretch(tracks, 1 / 2),
    "values times 5/4": lambda ticks, tracks, random: stretch(tracks, 5 / 4),
    "values times 9/10": lambda ticks, tracks, random: stretch(tracks, 9 / 10),
    "values times 3/4": lambda ticks, tracks, random: stretch(tracks, 3 / 4),
    "values times 2/3": lambda ticks, tracks, random: stretch(tracks, 2 / 3),
    "tracks merged": lambda ticks, tracks, random: merge(tracks),
    "tracks reversed": lambda ticks, tracks, random: tracks[::-1],
    "two hands": lambda ticks, tracks, random: part_by_hand(tracks),
    "first track missing": lambda ticks, tracks, random: without(tracks, 0),
    "second track missing": lambda ticks, tracks, random: without(tracks, 1),
    "third track missing": lambda ticks, tracks, random: without(tracks, 2),
    "only the first track left": lambda ticks, tracks, random: tracks[:1] if len(tracks) > 1 else None,
    "5 % of notes changed": lambda ticks, tracks, random: change_notes(tracks, ticks, random),
    "a third cut out": lambda ticks, tracks, random: cut_verse(tracks, ticks, random),
}
