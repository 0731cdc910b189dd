"""What is written of each sampled token."""

import pytest

from generator.sampling.song_state import SongIds, TokenExplanation
from generator.songs_dir.explained_tokens import explained_tokens
from nabi.music.encodings import Voices
from nabi.music.vocabulary import END, START, Vocabulary

pytestmark = pytest.mark.slow

VOICES = Voices()
VOCABULARY = Vocabulary.from_ordered(list(VOICES.required()), {})
SONG = ["meter:3/4", "bar:1", "C5", "C4", "s:3"]


def explained(song, primer=1, followed=None):
    ids = [START, *VOCABULARY.encode(song).tolist()]
    rows = tuple(TokenExplanation(id_, 0.25, 2, ((4, 0.5),)) for id_ in (*ids[primer:], END))
    fed = (*tuple(VOCABULARY.encode(followed).tolist()), END) if followed else ()
    sampled = SongIds(0, tuple(ids[:primer]), tuple(ids[primer:]), True, -1.0, explanations=rows, fed=fed)
    return explained_tokens(sampled, VOICES.decode(song), VOCABULARY, VOICES)


def test_each_token_has_its_chances():
    first, *_, end = explained(SONG)
    assert first == {"token": "meter:3/4", "probability": 0.25, "rank": 2, "others": {VOCABULARY.tokens[4]: 0.5}}
    assert end["token"] == "<end>"


def test_a_token_that_the_song_said_before_names_the_bar():
    bar = "C5 G4 E4 C4 s:1 @1 D5 G4 F4 B3 s:2"
    song = f"meter:3/4 bar:4 C5 s:3 bar:3 {bar} bar:2 E5 s:3 bar:1 {bar}".split()
    told = [(each["token"], each.get("repeats")) for each in explained(song)]
    # s:3, a bar line, which does not count, and seven tokens stood before G4; before that there are too few.
    assert told[-6:] == [
        ("D5", None),
        ("G4", {"bar": 2, "tokens": 8}),
        ("F4", {"bar": 2, "tokens": 9}),
        ("B3", {"bar": 2, "tokens": 10}),
        ("s:2", {"bar": 2, "tokens": 11}),
        ("<end>", None),
    ]


def test_what_was_given_counts_too():
    bar = "C5 G4 E4 C4 s:1 @1 D5 G4 F4 B3 s:2"
    song = f"meter:3/4 bar:2 {bar} bar:1 {bar}".split()
    told = explained(song, primer=1 + song.index("bar:1"))
    assert told[-2]["repeats"] == {"bar": 1, "tokens": 10}


def test_a_song_that_is_followed_is_what_was_said_before():
    bar = "C5 G4 E4 C4 s:1 @1 D5 G4 F4 B3 s:2"
    followed = f"meter:3/4 bar:3 C5 s:3 bar:2 {bar} bar:1 {bar}".split()
    # The choice that was not taken for the first bar's length moves no bar.
    drawn = ["s:1" if token == "s:3" else token for token in followed]
    rows = explained(drawn, followed=followed)
    assert (rows[-3]["token"], rows[-3]["repeats"]) == ("B3", {"bar": 2, "tokens": 9})


def test_a_note_that_is_held_repeats_nothing():
    song = ["meter:4/4", "bar:1", "C5", "s:1", *["@1", "~C5", "s:1"] * 9]
    assert not any("repeats" in row for row in explained(song))
