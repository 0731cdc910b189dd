"""Under the mask of given parts every song keeps them, and every song that keeps them is possible."""

# ruff: noqa: N806 - shapes stand in the names of arrays.

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import Phase, given, settings, strategies

from generator.sampling.given_parts import GivenParts
from generator.sampling.given_parts_mask import GivenPartsMask
from generator.sampling.grammar import Grammar
from generator.sampling.part_list_mask import PartListMask
from generator.sampling.part_mask import LATEST_BAR, PartMask
from generator.sampling.part_tables import PartTables
from nabi.music import part_choice
from nabi.music.band import Instrument
from nabi.music.encodings import Bands
from nabi.music.encodings.band_reduction import programs
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.music.vocabulary import END, START
from tests.builders import bands
from tests.generator.models import vocabulary_of

pytestmark = pytest.mark.slow

BANDS = Bands()
VOCABULARY = vocabulary_of(BANDS)
GRAMMAR = Grammar.of(VOCABULARY, BANDS, ends=True)
TICKS_V = np.array([0] * VOCABULARY.special + [BANDS.ticks(token) for token in VOCABULARY.tokens[4:]])
PLAN = ("meter", "bar", "key", "last")


class Walk:
    """Steps of a song from token to token, under the masks of given parts and the grammar."""

    def __init__(
        self, music: Song, asked: tuple[str, ...] = (), ranges: Mapping[int, tuple[int, int]] | None = None
    ) -> None:
        parts = GivenParts.of(music, BANDS, VOCABULARY)
        tables = PartTables.of(VOCABULARY, BANDS, ranges or {}, asked, given=parts.parts)
        latest_bar = min(LATEST_BAR, parts.bars_for_drums())
        self.masks = [GivenPartsMask(parts, tables.floor), PartListMask(tables), PartMask(tables, latest_bar)]
        self.memories, self.grammar = [mask.initial(1) for mask in self.masks], 0
        tokens = BANDS.encode(music)
        plan = itertools.takewhile(lambda token: BANDS.kind(token, before="start") in PLAN, tokens)
        self.ids = [START, *VOCABULARY.encode(plan).tolist()]
        for token in self.ids:
            self.step(token)

    def step(self, token: int) -> None:
        """Goes on by a token."""
        self.memories = [
            mask.update(memory, tf.constant([token], tf.int32))
            for mask, memory in zip(self.masks, self.memories, strict=True)
        ]
        self.grammar = GRAMMAR.next_KxV[self.grammar, token]

    def may(self) -> np.ndarray:
        """What may come next, bool [V]."""
        logits = tf.zeros([1, len(VOCABULARY)])
        for mask, memory in zip(self.masks, self.memories, strict=True):
            logits = mask.apply(logits, memory)
        return np.isfinite(logits[0].numpy()) & GRAMMAR.legal_KxV[self.grammar]


def sampled(walk: Walk, seed: int) -> list[str]:
    """The tokens of a song whose network is a coin: a slice ends about as often as another note comes."""
    random, ids = np.random.default_rng(seed), list(walk.ids)
    while ids[-1] != END:
        weights_V = walk.may() * np.where(TICKS_V > 0, 1 + TICKS_V, 0.05)
        assert weights_V.any(), " ".join(VOCABULARY.decode(ids))
        ids.append(int(random.choice(len(VOCABULARY), p=weights_V / weights_V.sum())))
        walk.step(ids[-1])
    return VOCABULARY.decode(ids[:-1])


def of_parts(music: Song, numbers: set[int]) -> Song:
    """The parts of a reduced song that have these programs."""
    own = np.isin(programs(music), list(numbers))[music.note_parts()]
    return music.moved(*(column[own] for column in music.notes()), own)


def notes(music: Song) -> list[tuple[int, ...]]:
    """Start, duration, pitch, program and velocity of each note, sorted."""
    columns = (*music.notes(), programs(music)[music.note_parts()], music.band.velocity)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@settings(max_examples=20, deadline=None, phases=(Phase.generate,))
@given(bands(most_notes=4), strategies.integers(0, 99), strategies.sampled_from([(), ("33",), ("drums", "bass", "1")]))
def test_a_song_keeps_what_is_given_and_has_who_was_asked_for(music, seed, asked):
    music = BANDS.reduce(music)
    own = set(programs(music).tolist())
    asked = () if 128 in own or music.end < 3 else asked
    tokens = sampled(Walk(music, asked), seed)
    made = BANDS.decode(tokens)
    assert notes(of_parts(made, own)) == notes(music)
    assert sum(map(BANDS.ticks, tokens)) == music.end == made.end
    for word in asked:
        assert any(map(part_choice.plays(word), made.band.instruments)), word
    for rows, given_rows in zip(made.band.timeline.columns(), music.band.timeline.columns(), strict=True):
        assert rows.tolist() == given_rows.tolist()


PLAYERS = [Instrument("Piano", 0), Instrument("Bass", 33), Instrument("Strings", 48), Instrument("", 0, is_drums=True)]


@settings(max_examples=20, deadline=None, phases=(Phase.generate,))
@given(strategies.data())
def test_every_band_that_keeps_what_is_given_is_possible(data):
    note = strategies.tuples(
        strategies.integers(0, 60), strategies.sampled_from([3, 12, 30]), strategies.sampled_from([36, 60, 62]),
        strategies.integers(0, 3), strategies.sampled_from([20, 90]),
    )  # fmt: skip
    drawn = data.draw(strategies.lists(note, min_size=1, max_size=5))
    own = data.draw(strategies.sets(strategies.sampled_from([0, 33, 48, 128]), min_size=1))
    last = PLAYERS.index(next(player for player in PLAYERS if (128 if player.is_drums else player.program) in own))
    rows = [*drawn, (90, 12, 60, last, 90)]
    music = BANDS.reduce(Song.from_parts(*zip(*rows, strict=True), instruments=PLAYERS))
    walk = Walk(of_parts(music, own))
    # Without the other parts another key may be found.
    tokens = itertools.dropwhile(lambda token: BANDS.kind(token, before="start") in PLAN, BANDS.encode(music))
    for token in [*VOCABULARY.encode(tokens).tolist(), END]:
        assert walk.may()[token]
        walk.step(token)


TUNE = Song.from_parts([0, 12], [12, 12], [72, 74], [0, 0], [90, 90], instruments=[Instrument("Violin", 40)])


def tokens_after(
    text: str,
    music: Song = TUNE,
    asked: tuple[str, ...] = (),
    ranges: Mapping[int, tuple[int, int]] | None = None,
) -> set[str]:
    """The tokens that may come after those of a text, which go on from the plan of a song."""
    walk = Walk(music, asked, ranges)
    for token in VOCABULARY.encode(text.split()).tolist():
        walk.step(token)
    return {token for token, is_free in zip(VOCABULARY.tokens, walk.may(), strict=True) if is_free}


def test_given_parts_are_listed_with_those_that_are_asked_for():
    assert "part:48" not in tokens_after("", asked=("33",))
    assert {token for token in tokens_after("part:33") if token.startswith("part:")} == {
        f"part:{number}" for number in range(34, 41)
    }
    assert not any(token.startswith("program:") for token in tokens_after("part:33"))


def test_who_plays_before_the_given_part_may_and_then_it_plays_what_is_given():
    listed = "part:33 part:40 part:48"
    names = {token for token in tokens_after(listed) if token.startswith(("program:", "velocity:", "drum:", "s:"))}
    assert names == {"program:33", "program:40"}
    assert tokens_after(listed + " program:40") == {"velocity:6"}
    assert tokens_after(listed + " program:40 velocity:6") == {"C5"}
    assert tokens_after(listed + " program:40 velocity:6 C5") == {"d:1"}


def test_no_slice_goes_beyond_the_next_given_note():
    begun = "part:33 part:40 part:48 program:40 velocity:6 C5 d:1"
    shifts = {token for token in tokens_after(begun) if token.startswith("s:")}
    assert {"s:1", "s:1/4"} <= shifts
    assert "s:2" not in shifts
    assert "program:48" in tokens_after(begun)


def test_a_given_tempo_comes_first_and_no_other_one_does():
    music = dataclasses.replace(TUNE, band=dataclasses.replace(TUNE.band, timeline=Timeline.of(tempi=[(0, 500_000)])))
    assert tokens_after("part:40", music) - set(VOCABULARY.tokens[-200:]) >= {"tempo:120"}
    assert "program:40" not in tokens_after("part:40", music)
    assert not any(token.startswith("tempo:") for token in tokens_after("part:40 tempo:120", music))


DRUMMER = [Instrument("Drums", 0, is_drums=True)]
BEATS = Song.from_parts([0, 0, 12], [3, 3, 3], [40, 36, 36], [0, 0, 0], [90, 60, 60], instruments=DRUMMER)


def test_a_given_part_has_no_range():
    assert tokens_after("part:40 program:40 velocity:6", ranges={40: (60, 61)}) == {"C5"}


def test_beside_given_drums_a_part_at_its_lowest_note_gets_no_velocity_to_begin_at_the_top_again():
    bottom = "part:33 part:drums program:33 velocity:2 C-1 d:1"
    own = {token for token in tokens_after(bottom, BEATS) if token.startswith("velocity:")}
    assert own == {"velocity:6"}
    assert tokens_after(f"{bottom} velocity:6", BEATS) == {"drum:40"}
    # Drums are the last ones in a slice.
    after = tokens_after("part:33 part:drums program:33 velocity:2 C4 d:1 velocity:6 drum:40 velocity:4 drum:36", BEATS)
    assert after
    assert not any(token.startswith(("velocity:", "program:", "drum:")) for token in after)


def test_a_velocity_after_another_parts_program_is_not_that_of_given_drums():
    after = tokens_after("part:33 part:drums program:33 velocity:6", BEATS)
    assert "C4" in after
    assert "drum:40" not in after


def test_no_drum_is_struck_so_late_that_it_would_sound_beyond_the_end():
    listed = "part:40 part:drums program:40 velocity:6 C5 d:1"
    late = f"{listed} s:1 @1 D5 d:1 s:5/6 @11/6"
    assert {"drum:36", "velocity:3"} <= tokens_after(f"{listed} s:1 @1 D5 d:1 s:3/4 @7/4")
    assert not any(token.startswith(("drum:", "velocity:")) for token in tokens_after(late))


def test_a_velocity_is_no_way_around_who_has_to_come_in():
    rows = [(12 * at, 3, 60, 0, 90) for at in range(13)]
    violin = Song.from_parts(*zip(*rows, strict=True), instruments=[Instrument("Violin", 40)])
    begun = "part:33 part:40 part:drums program:40 velocity:6 C4 d:1/4 s:1"
    goes_on = " ".join(f"{place} C4 d:1/4 s:1" for place in ["@1", "@2", "@3", "bar:3", "@1", "@2", "@3"])
    after = tokens_after(f"{begun} {goes_on} bar:2", violin, ("bass", "drums"))
    assert "program:33" in after
    assert not any(token.startswith("velocity:") for token in after)
