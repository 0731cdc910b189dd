"""The input `corpus:bach-chorales`: Bach's chorales from music21's corpus, as MIDI files in a local cache."""

import concurrent.futures
import multiprocessing
import os
import pathlib
from collections.abc import Callable, Iterator
from fractions import Fraction

import music21
from music21 import corpus
from music21.exceptions21 import Music21Exception

from nabi.reading import midi_meta, repeats, score_parts
from nabi.workspace import storage, subprocesses

NAME = "corpus:bach-chorales"


def cache_folder() -> pathlib.Path:
    """Returns the folder of the MIDI files, below $XDG_CACHE_HOME or ~/.cache, one for each version of music21."""
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "nabi" / f"bach-chorales-with-phrases-music21-{music21.__version__}"


def titles() -> list[str]:
    """Lists the 350 distinct chorales among the 371 numbers of the Riemenschneider edition, such as `bwv269`."""
    return sorted({str(name).rpartition("/")[2] for name in corpus.chorales.Iterator(returnType="filename")})


def prepare(folder: pathlib.Path, report: Callable[[int, int], None]) -> Iterator[tuple[str, pathlib.Path | None, str]]:
    """Writes each chorale to MIDI unless it is there, on all cores.

    Args:
      folder: the folder to write to.
      report: called with (chorales written, chorales to write) after each chorale.

    Yields:
      (file name, its path, ""), or (file name, None, the reason why music21 cannot write it).
    """
    missing = [
        title for title in titles() if not (folder / f"{title}.mid").exists() and not _failure(folder, title).exists()
    ]
    if missing:
        # Fresh processes: a fork of a process that has started threads can hang.
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), context, subprocesses.end_with_parent) as pool:
            with subprocesses.without_interrupts():
                jobs = [pool.submit(_write, title, folder) for title in missing]
            for done, job in enumerate(concurrent.futures.as_completed(jobs), 1):
                job.result()
                report(done, len(missing))
    for title in titles():
        failure = _failure(folder, title)
        failed = failure.exists()
        path = None if failed else folder / f"{title}.mid"
        yield f"{title}.mid", path, failure.read_text(encoding="utf-8") if failed else ""


def _write(title: str, folder: pathlib.Path) -> None:
    """Writes `title`.mid, or `title`.failed with the reason why there is none."""
    try:
        score = _upbeat_in_its_bar(corpus.parse(f"bach/{title}", forceSource=True))
        file = music21.midi.translate.music21ObjectToMidiFile(score)
        file.tracks.append(_phrases(score, file.ticksPerQuarterNote))
        data = file.writestr()
    except Music21Exception as error:
        storage.write_text(str(_failure(folder, title)), str(error))
        return
    storage.write_bytes(str(folder / f"{title}.mid"), data)


def _upbeat_in_its_bar(score: music21.stream.Score) -> music21.stream.Score:
    """Plays the repeats of a score, and delays an upbeat to its place in a full first bar.

    MIDI has no shorter first bar: without the delay no bar line of the file would be one of the score.
    """
    first = score.parts[0].recurse().getElementsByClass(music21.stream.Measure).first()
    played = score.expandRepeats()
    for part in played.parts:
        part.shiftElements(first.paddingLeft)
    return played


def _phrases(score: music21.stream.Score, ticks_per_quarter: int) -> music21.midi.MidiTrack:
    """Writes a track of markers where notes with a fermata end: music21 leaves fermatas out of MIDI."""
    track, now = music21.midi.MidiTrack(0), 0
    for end in _fermata_ends(score):
        delta, marker = music21.midi.DeltaTime(track), music21.midi.MidiEvent(track)
        tick = round(end * ticks_per_quarter)
        delta.time, now = tick - now, tick
        marker.type, marker.data = music21.midi.MetaEvents.MARKER, midi_meta.PHRASE_END
        track.events += [delta, marker]
    track.events += music21.midi.translate.getEndEvents(track)
    return track


def _fermata_ends(score: music21.stream.Score) -> list[Fraction]:
    """Returns where the notes with a fermata end of the first part that has any, in quarter notes, ascending."""
    for part in score.parts:
        ends = {
            repeats.exact(element.getOffsetInHierarchy(part)) + repeats.exact(element.duration.quarterLength)
            for element in part.recurse().notes
            if score_parts.has_fermata(element)
        }
        if ends:
            return sorted(ends)
    return []


def _failure(folder: pathlib.Path, title: str) -> pathlib.Path:
    return folder / f"{title}.failed"
