"""Primers from music: from a MIDI file, from given tokens, or from windows of a dataset's split."""

import dataclasses
import itertools
import logging
from typing import Any

from generator.config import FROM_START
from generator.primers import dataset_songs, song_files, sources
from generator.sampling.grammar import Grammar
from generator.sampling.primer import Primers
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import START, Vocabulary
from nabi.music.windows import SPLITS

# Where the model does not know a file's tokens it is moved by so many semitones at most.
FARTHEST = 12


@dataclasses.dataclass(frozen=True)
class PrimerReader:
    """What it takes to turn music into a primer.

    Attributes:
      vocabulary: the model's.
      encoding: the model's.
      grammar: the model's; what it does not allow is left out of a primer.
      song_marks: whether `<start>` stands before a song.
      blank_first: whether `<start>` stands before anything, as the model was trained by `--blank_first`.
      tokens: how many tokens a primer has at most, `<start>` not counted, at least 1.
      ticks: its notes begin before this one; 0: no limit.
    """

    vocabulary: Vocabulary
    encoding: Encoding
    grammar: Grammar
    song_marks: bool
    tokens: int
    ticks: int = 0
    blank_first: bool = False

    def from_file(self, path: str, *, move: bool = True, **reading: Any) -> Primers:
        """The beginning of a MIDI file, the same for every song.

        Args:
          path: the file.
          move: whether it may be moved to another key, the nearest in which the model knows most of its tokens.
          reading: keywords of `song_files.read`.

        Raises:
          ValueError: if the file cannot be read, is no song, or holds nothing that the model knows.
        """
        try:
            song = song_files.read(path, self.encoding, **reading)
        except ValueError as error:
            raise ValueError(f"--primer {error}") from error
        semitones = self._nearest(song) if move else 0
        if semitones:
            logging.info("the primer is moved by %+d semitones, to where the model knows more of it", semitones)
        tokens = self.encoding.spell(self._encoded(song, semitones), self.vocabulary.ids)
        primer = self._primer(self.vocabulary.encode(tokens).tolist())
        if not primer:
            raise ValueError(f"--primer {path} holds nothing the model knows: none of its tokens is in the vocabulary")
        return Primers((primer,))

    def from_tokens(self, text: str) -> Primers:
        """The beginning of tokens as they are written, the same for every song.

        Raises:
          ValueError: if a token is not the model's, or may not stand where it does.
        """
        tokens = text.split()
        if unknown := [token for token in tokens if token not in self.vocabulary.ids]:
            some = " ".join(self.vocabulary.tokens[self.vocabulary.special :][:8])
            raise ValueError(
                f"--primer {text!r} is neither a MIDI file nor one of {', '.join((FROM_START, *SPLITS))}, and "
                f"{unknown[0]!r} is no token of the model; these are: {some} ..."
            )
        ids = self.vocabulary.encode(tokens).tolist()
        kept = self.grammar.walk(ids)
        if kept != ids:
            wrong = next(
                (at for at, (one, other) in enumerate(zip(ids, kept, strict=False)) if one != other), len(kept)
            )
            where = f"after {tokens[wrong - 1]!r}" if wrong else "first"
            raise ValueError(f"--primer: {tokens[wrong]!r} may not stand {where} in {self.encoding.name}")
        if not ids:
            raise ValueError(f"--primer {text!r} holds no token: leave it out, or name one of {', '.join(SPLITS)}")
        return Primers((self._primer(ids),))

    def from_split(self, dataset: str, split: str, *, seed: int, content: str, songs: bool = False) -> Primers:
        """Windows of a dataset, the beginning of each; the same ones for the same dataset and seed.

        Args:
          dataset: the directory.
          split: `train`, `validation` or `test`.
          seed: which windows, and which song gets which.
          content: the fingerprint of the dataset that the model was trained on.
          songs: whether whole songs are taken, and none that is augmented, in the place of windows.

        Raises:
          ValueError: if it is another dataset, or its split holds nothing to begin with.
        """
        asked = (dataset, split, dataset_songs.MOST)
        if songs:
            # `<start>` is no token of the primer.
            chosen = dataset_songs.whole_songs(*asked, length=self.tokens + 1, seed=seed, content=content)
        else:
            chosen = dataset_songs.pick(*asked, seed=seed, content=content)
        primers = (self._primer(window.tokens.tolist(), first=window.start == 0) for window in chosen)
        pool = tuple(primer for primer in primers if primer)
        if not pool:
            raise ValueError(f"--primer {split}: this split of the dataset {dataset} holds no window to start from")
        return Primers(pool, seed)

    def from_source(self, dataset: str, split: str, text: str, *, content: str) -> Primers:
        """The beginning of one song of a dataset, the same for every song.

        Args:
          dataset: the directory.
          split: `train`, `validation` or `test`.
          text: names the song, as `sources.find` has it.
          content: the fingerprint of the dataset that the model was trained on.

        Raises:
          ValueError: if it is another dataset, the text does not name one song, or that holds nothing to begin with.
        """
        dataset_songs.check(dataset, content)
        source = sources.find(dataset, split, text)
        # `<start>` is no token of the primer.
        song = dataset_songs.song_of(dataset, split, source.sha256, length=self.tokens + 1)
        primer = self._primer(song.tokens.tolist(), first=song.start == 0) if song else ()
        if not primer:
            raise ValueError(f"--primer {split}:{text}: {source.name} has nothing that the model knows")
        logging.info("the primer is the beginning of %s", source.name)
        return Primers((primer,))

    def _primer(self, ids: list[int], *, first: bool = True) -> tuple[int, ...]:
        """Returns `<start>` where the model knows it, then the first tokens; nothing if the model knows none of them.

        Args:
          ids: of a song, or of a window of it.
          first: whether they are from the song's beginning.
        """
        music = self.grammar.walk(ids)[: self.tokens]
        music = music[: self._in_time(music)] if self.ticks else music
        starts = self.blank_first or (first and self.song_marks)
        return (*([START] if starts else []), *music) if music else ()

    def _in_time(self, ids: list[int]) -> int:
        """How many of the tokens begin in time."""
        lengths = [self.encoding.ticks(token) for token in self.vocabulary.decode(ids)]
        begins = itertools.accumulate(lengths, initial=0)
        return sum(begin < self.ticks for begin, _ in zip(begins, ids, strict=False))

    def _nearest(self, song: Song) -> int:
        """The fewest semitones after which most of a song's first tokens are known; of two as few, downwards."""
        lowest, highest = (int(song.pitches.min()), int(song.pitches.max())) if len(song) else (0, 127)
        moves = range(max(-FARTHEST, -lowest), min(FARTHEST, 127 - highest) + 1)
        return min(sorted(moves, key=abs), key=lambda move: self._unknown(song, move))

    def _unknown(self, song: Song, semitones: int) -> int:
        """How many of a song's first tokens the model does not know."""
        return sum(token not in self.vocabulary.ids for token in self._encoded(song, semitones)[: self.tokens])

    def _encoded(self, song: Song, semitones: int) -> list[str]:
        return self.encoding.encode(song.transpose(semitones) if semitones else song)
