"""Primers read from a MIDI file, from tokens as text, or from windows of a dataset's split."""

import dataclasses
import itertools
import logging
import math
from typing import Any

from generator.flag_values import FROM_START
from generator.primers import dataset_songs, song_files, sources
from generator.sampling.grammar import Grammar
from generator.sampling.primer import Primers
from nabi.music import bars
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import START, Vocabulary
from nabi.music.windows import SPLITS

# Largest transposition, in semitones, of a file whose tokens the model does not know.
FARTHEST = 12


@dataclasses.dataclass(frozen=True)
class PrimerReader:
    """Reads primers in the encoding of a model.

    Attributes:
      vocabulary: vocabulary of the model.
      encoding: encoding of the model.
      grammar: grammar of the model; tokens that it forbids are left out of a primer.
      song_marks: True if a song begins with `<start>`.
      blank_first: True if every primer begins with `<start>`, for a model trained with `--blank_first`.
      tokens: tokens of a primer, at most, without `<start>`; at least 1.
      ticks: notes of a primer begin before this tick; 0: no limit.
      bars: bars of a song that begins with a file, for encodings that count them; 0: of the file, and at least twice as
        many as its primer has.
    """

    vocabulary: Vocabulary
    encoding: Encoding
    grammar: Grammar
    song_marks: bool
    tokens: int
    ticks: int = 0
    blank_first: bool = False
    bars: int = 0

    def from_file(self, path: str, *, move: bool = True, **reading: Any) -> Primers:
        """Reads the beginning of a MIDI file, the same primer for every song.

        Args:
          path: path of the file.
          move: True to transpose it to the nearest key in which the model knows most of its tokens.
          reading: keywords of `song_files.read`.

        Raises:
          ValueError: if the file cannot be read, is no song, or has no token that the model knows.
        """
        try:
            song = song_files.read(path, self.encoding, **reading)
        except ValueError as error:
            raise ValueError(f"--primer {error}") from error
        semitones = self._nearest(song) if move else 0
        if semitones:
            logging.info("the primer is moved by %+d semitones, to where the model knows more of it", semitones)
        tokens = self.encoding.spell(self._encoded(song, semitones), self.vocabulary.ids)
        primer = self._primer(self.vocabulary.encode(self._lengthened(tokens, song)).tolist())
        if not primer:
            raise ValueError(f"--primer {path} holds nothing the model knows: none of its tokens is in the vocabulary")
        return Primers((primer,))

    def from_tokens(self, text: str) -> Primers:
        """Reads a primer from tokens with spaces between, the same for every song.

        Raises:
          ValueError: if a token is not in the vocabulary, or the grammar does not allow it at its place.
        """
        tokens = text.split()
        if unknown := [token for token in tokens if token not in self.vocabulary.ids]:
            examples = " ".join(self.vocabulary.tokens[self.vocabulary.special :][:8])
            raise ValueError(
                f"--primer {text!r} is neither a MIDI file nor one of {', '.join((FROM_START, *SPLITS))}, and "
                f"{unknown[0]!r} is no token of the model; these are: {examples} ..."
            )
        ids = self.vocabulary.encode(tokens).tolist()
        legal = self.grammar.walk(ids)
        if legal != ids:
            wrong = next(
                (at for at, (given, kept) in enumerate(zip(ids, legal, strict=False)) if given != kept), len(legal)
            )
            where = f"after {tokens[wrong - 1]!r}" if wrong else "first"
            raise ValueError(f"--primer: {tokens[wrong]!r} may not stand {where} in {self.encoding.name}")
        if not ids:
            raise ValueError(f"--primer {text!r} holds no token: leave it out, or name one of {', '.join(SPLITS)}")
        return Primers((self._primer(ids),))

    def from_split(self, dataset: str, split: str, *, seed: int, content: str, songs: bool = False) -> Primers:
        """Reads the beginnings of windows of a dataset; the same ones for the same dataset and seed.

        Args:
          dataset: dataset directory.
          split: `train`, `validation` or `test`.
          seed: seed of the choice of windows, and of each song's primer.
          content: fingerprint of the dataset that the model was trained on.
          songs: True to read whole songs, without augmented copies, instead of windows.

        Raises:
          ValueError: if it is another dataset, or its split has no window that makes a primer.
        """
        source = (dataset, split, dataset_songs.MOST)
        if songs:
            # The limit of tokens does not count `<start>`.
            windows = dataset_songs.whole_songs(*source, length=self.tokens + 1, seed=seed, content=content)
        else:
            windows = dataset_songs.pick(*source, seed=seed, content=content)
        primers = (self._primer(window.tokens.tolist(), first=window.start == 0) for window in windows)
        pool = tuple(primer for primer in primers if primer)
        if not pool:
            raise ValueError(f"--primer {split}: this split of the dataset {dataset} holds no window to start from")
        return Primers(pool, seed)

    def from_source(self, dataset: str, split: str, text: str, *, content: str) -> Primers:
        """Reads the beginning of one song of a dataset, the same primer for every song.

        Args:
          dataset: dataset directory.
          split: `train`, `validation` or `test`.
          text: name of the song, or part of it (`sources.find`).
          content: fingerprint of the dataset that the model was trained on.

        Raises:
          ValueError: if it is another dataset, or the text does not name exactly one song that makes a primer.
        """
        dataset_songs.check(dataset, content)
        source = sources.find(dataset, split, text)
        # The limit of tokens does not count `<start>`.
        song = dataset_songs.song_of(dataset, split, source.sha256, length=self.tokens + 1)
        primer = self._primer(song.tokens.tolist(), first=song.start == 0) if song else ()
        if not primer:
            raise ValueError(f"--primer {split}:{text}: {source.name} has nothing that the model knows")
        logging.info("the primer is the beginning of %s", source.name)
        return Primers((primer,))

    def _primer(self, ids: list[int], *, first: bool = True) -> tuple[int, ...]:
        """Builds a primer of `<start>`, if the model has it, and the first legal tokens; () if there are none.

        It does not end with a velocity.

        Args:
          ids: ids of a song, or of a window of it.
          first: True if they are from the song's beginning.
        """
        music = self.grammar.walk(ids)
        music = music[: self._length(self.vocabulary.decode(music))]
        # How loud a note is says nothing without the note, which songs may not have.
        while music and self.encoding.kind(self.vocabulary.tokens[music[-1]], before="start") == "velocity":
            music = music[:-1]
        starts = self.blank_first or (first and self.song_marks)
        return (*([START] if starts else []), *music) if music else ()

    def _lengthened(self, tokens: list[str], song: Song) -> list[str]:
        """Makes room for what is sampled after the primer."""
        begun, bar = tokens[: self._length(tokens)], bars.bar_ticks(song)
        of_primer, of_file = sum(map(self.encoding.ticks, begun)) / bar, song.end / bar
        return self.encoding.lengthened(tokens, self.bars or math.ceil(max(of_file, 2 * of_primer)))

    def _length(self, tokens: list[str]) -> int:
        """Counts the first tokens that a primer takes of a song: those within both limits."""
        most = min(len(tokens), self.tokens)
        if not self.ticks:
            return most
        begins = itertools.accumulate(map(self.encoding.ticks, tokens[:most]), initial=0)
        return sum(begin < self.ticks for begin in itertools.islice(begins, most))

    def _nearest(self, song: Song) -> int:
        """Finds the smallest transposition with the fewest unknown first tokens; down wins over an equal one up."""
        pitches = song.merged().pitches
        lowest, highest = (int(pitches.min()), int(pitches.max())) if len(pitches) else (0, 127)
        moves = range(max(-FARTHEST, -lowest), min(FARTHEST, 127 - highest) + 1)
        return min(sorted(moves, key=abs), key=lambda move: self._unknown(song, move))

    def _unknown(self, song: Song, semitones: int) -> int:
        """Counts the first tokens of a transposed song that the model does not know."""
        return sum(token not in self.vocabulary.ids for token in self._encoded(song, semitones)[: self.tokens])

    def _encoded(self, song: Song, semitones: int) -> list[str]:
        return self.encoding.encode(song.transpose(semitones) if semitones else song)
