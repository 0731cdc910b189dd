"""`--decoding teacher_forced`: the tokens of a song are fed, and what is chosen in their places makes another."""

import numpy as np
import pytest

from generator import generate
from generator.config import GenerateConfig
from generator.sampling.decode_loop import BLOCK
from generator.sampling.grammar import Grammar
from generator.sampling.probabilities import Explainer
from generator.sampling.sampler import Sampler
from generator.sampling.song_state import TokenExplanation
from generator.sampling.stepper import Stepper, carried, windowed, windowed_and_carried
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Events, PitchDuration
from nabi.music.vocabulary import START
from nabi.reading import midi_writer
from nabi.workspace import paths
from tests import builders
from tests.generator.datasets import write_songs
from tests.generator.models import vocabulary_of, write_model
from tests.generator.sampling.test_sampler import (
    ANY,
    EVENTS,
    EVENTS_MEANINGS,
    NOTES,
    A,
    B,
    C,
    D,
    E,
    fake,
    logits_at,
    of_events,
    spoken,
    successor,
    trained,
)

pytestmark = pytest.mark.slow

FOLLOWING = {"decoding": "teacher_forced", "primer": "train"}
# Grammars of teacher forcing have no end of their own.
EVENTS_GRAMMAR = Grammar.of(EVENTS, Events(), ends=False)


def test_what_is_chosen_follows_the_true_tokens_and_not_what_was_chosen_before():
    config = GenerateConfig(primer_tokens=1, **FOLLOWING)
    (song,) = Sampler(successor(), ANY, config, NOTES, slots=2).sample([1], [(START, C, A, D, E)])
    # After c comes d, after a comes b, after d comes e; after e there is no place left.
    assert (spoken(song), song.primer, song.fed, song.ended) == ("dbe", (START, C), (A, D, E), False)


def test_without_song_marks_the_first_tokens_are_given():
    config = GenerateConfig(primer_tokens=2, **FOLLOWING)
    (song,) = Sampler(successor(), ANY, config, NOTES, slots=1).sample([0], [(B, C, A, E)])
    assert (spoken(song), song.primer, song.fed) == ("db", (B, C), (A, E))


def test_a_song_is_cut_at_max_tokens():
    config = GenerateConfig(primer_tokens=1, max_tokens=2, **FOLLOWING)
    (song,) = Sampler(successor(), ANY, config, NOTES, slots=1).sample([0], [(B, C, A, E)])
    assert (spoken(song), song.fed) == ("cd", (C, A))


def test_a_loop_is_not_undone():
    config = GenerateConfig(primer_tokens=1, max_repeats=2, **FOLLOWING)
    (song,) = Sampler(successor(), ANY, config, NOTES, slots=1).sample([0], [(B,) + 50 * (A,)])
    assert (spoken(song), song.attempts) == ("c" + 49 * "b", 0)


MODEL = trained(len(EVENTS))


def music(length: int) -> list[int]:
    """A song of notes, durations and shifts."""
    pitches = np.random.default_rng(1).integers(50, 80, length)
    tokens = [token for pitch in pitches for token in (EVENTS.tokens[EVENTS.ids["C-1"] + pitch], "d:1/2", "s:1")]
    return EVENTS.encode(tokens[:length]).tolist()


@pytest.mark.parametrize(
    ("stepper", "before"),
    [(carried(MODEL), 1000), (windowed(MODEL, 6), 6), (windowed_and_carried(MODEL, 1), 1000)],
    ids=["carried", "windowed", "both"],
)
def test_the_likeliest_are_those_of_the_network_run_over_the_song(stepper: Stepper, before):
    """Songs of several blocks, given and followed, two to a row."""
    song = [START, *music(3 * BLOCK)]
    config = GenerateConfig(primer_tokens=BLOCK + 3, top_k=1, **FOLLOWING)
    sampler = Sampler(stepper, EVENTS_GRAMMAR, config, EVENTS_MEANINGS, slots=2)
    made = sampler.sample([0, 1, 2], [song] * 3)
    expected, score = [], 0.0
    positions = range(BLOCK + 4, len(song))
    for at, logits in zip(positions, logits_at(MODEL, song, positions, before), strict=True):
        logits = np.where(EVENTS_GRAMMAR.after(song[:at]), logits, -np.inf)
        expected.append(int(logits.argmax()))
        score += logits.max() - np.logaddexp.reduce(logits)
    for one in made:
        assert one.tokens == tuple(expected)
        assert one.log_likelihood == pytest.approx(score, rel=1e-4)
    assert made[0].fed == tuple(song[BLOCK + 4 :])


def test_songs_that_are_drawn_differ_and_do_not_depend_on_their_neighbours():
    config = GenerateConfig(primer_tokens=1, **FOLLOWING)
    song = [START, *music(20)]
    sampler = of_events(carried(MODEL), config)
    made = sampler.sample(range(4), [song] * 4)
    assert len({one.tokens for one in made}) == 4
    assert sampler.sample([2], [song]) == made[2:3]


def test_what_is_chosen_keeps_to_what_is_allowed_and_what_is_fed_need_not():
    legal = np.isin(np.arange(9), [A, B])[None]
    table = np.tile([0, 0, 0, 0, 1, 2, 3, 4, 5], (9, 1))
    config = GenerateConfig(primer_tokens=1, top_k=1, **FOLLOWING)
    (song,) = Sampler(fake(table), Grammar(ANY.next_KxV, legal), config, NOTES, slots=1).sample([0], [(C, D, E, A)])
    assert spoken(song) == "bbb"


def test_what_was_chosen_is_told_as_it_was_thought_after_the_true_tokens():
    # After a comes a (3/4) or b, after b comes b (3/4) or a, and nothing else may.
    table = np.log(np.array([[1e-9] * 4 + [3, 1] + [1e-9] * 3] * 5 + [[1e-9] * 4 + [1, 3] + [1e-9] * 3] * 4))
    grammar = Grammar(ANY.next_KxV, np.isin(np.arange(9), [A, B])[None])
    config = GenerateConfig(primer_tokens=1, top_k=1, explain=True, **FOLLOWING)
    song = Sampler(fake(table), grammar, config, NOTES, slots=1).sample([0], [(START, A, B, A, B)])
    (told,) = Explainer(fake(table), grammar, 1, GenerateConfig()).explain(song)
    likely, other = pytest.approx(0.75), pytest.approx(0.25)
    assert spoken(song[0]) == "aba"
    assert told == (
        TokenExplanation(A, likely, 1, ((B, other),)),
        TokenExplanation(B, likely, 1, ((A, other),)),
        TokenExplanation(A, likely, 1, ((B, other),)),
    )


def rows(folder):
    return [row for path in sorted(folder.glob("songs-*.jsonl")) for row in paths.read_rows(str(path))]


@pytest.fixture(scope="module")
def letters(tmp_path_factory) -> str:
    """A model of three notes without song marks, and its dataset."""
    folder = tmp_path_factory.mktemp("letters")
    tokens = ["C4:1", "E4:1", "R:1"]
    ids = {token: number for number, token in enumerate(vocabulary_of(PitchDuration(), tokens).tokens)}
    long, short = ([ids[token] for token in song] for song in (["C4:1", "E4:1"] * 5, ["E4:1", "C4:1"]))
    data = write_songs(folder / "data", {"train": {("long", 0): long, ("long", 2): short * 9, ("short", 0): short}})
    return write_model(
        folder / "model", encoding=PitchDuration(), tokens=tokens, song_marks=False, target="last", window=4, data=data
    )


def followed(model, folder, *flags):
    status = generate.main(
        [f"--model={model}", f"--output={folder}", "--decoding=teacher_forced", "--audio=none", *flags]
    )
    assert status == 0
    return rows(folder)


def test_of_a_split_whole_songs_are_followed_that_are_long_enough(letters, tmp_path):
    told = followed(letters, tmp_path / "songs", "--primer=train", "--primer_tokens=3", "--num_songs=4", "--explain")
    for row in told:
        assert row["primer"] == ["C4:1", "E4:1", "C4:1"]
        assert len(row["tokens"]) == 7
        true = ["E4:1", "C4:1"] * 4
        assert row["agreement"] == round(sum(map(str.__eq__, row["tokens"], true)) / 7, 4)
        assert [each["token"] for each in row["explained"]] == row["tokens"]
    assert len({row["agreement"] for row in told}) > 1
    assert "settings" in told[0]
    assert told[0]["settings"]["decoding"] == "teacher_forced"


def test_tokens_in_quotes_are_followed(letters, tmp_path):
    flags = ["--primer=C4:1 E4:1 R:1 C4:1", "--primer_tokens=2", "--num_songs=1", "--top_k=1"]
    (row,) = followed(letters, tmp_path / "songs", *flags)
    assert row["primer"] == ["C4:1", "E4:1"]
    assert len(row["tokens"]) == 2
    # After `R:1` no other rest may come, in the song that is fed.
    assert row["tokens"][1] != "R:1"


def test_a_file_is_followed_and_what_may_not_follow_is_not_heard(tmp_path):
    model = write_model(tmp_path / "model")
    (tmp_path / "scale.mid").write_bytes(builders.scale())
    flags = [f"--primer={tmp_path / 'scale.mid'}", "--primer_tokens=2", "--num_songs=8", "--max_tokens=15"]
    told = followed(model, tmp_path / "songs", *flags)
    grammar = Grammar.of(vocabulary_of(Events()), Events(), ends=False)
    for row in told:
        assert (row["primer"], len(row["tokens"])) == (["C4", "d:1"], 15)
        kept = EVENTS.decode(grammar.walk(EVENTS.encode([*row["primer"], *row["tokens"]])))
        song = midi_writer.read_exact((tmp_path / "songs" / row["file"]).read_bytes())
        assert builders.notes_of(song) == builders.notes_of(Events().decode(kept))
        assert "agreement" in row
    assert any(grammar.walk(EVENTS.encode(row["tokens"])) != EVENTS.encode(row["tokens"]).tolist() for row in told)


@pytest.mark.parametrize("flags", [["--primer=train", "--primer_tokens=10"], ["--primer=C4:1", "--primer_tokens=1"]])
def test_a_song_of_which_nothing_is_left_to_follow_is_refused(letters, tmp_path, capsys, flags):
    assert (
        generate.main([f"--model={letters}", f"--output={tmp_path / 'songs'}", "--decoding=teacher_forced", *flags])
        == 2
    )
    assert "has no song of more than the 1" in capsys.readouterr().err


def test_a_song_that_is_not_followed_has_no_agreement(letters, tmp_path):
    flags = ["--primer=train", "--num_songs=1", "--max_tokens=9", "--audio=none"]
    assert generate.main([f"--model={letters}", f"--output={tmp_path / 'songs'}", *flags]) == 0
    assert "agreement" not in rows(tmp_path / "songs")[0]


def test_a_limit_in_bars_is_of_what_is_chosen():
    """What is given and chosen takes 1 tick, what is fed 9, and a bar 12."""
    contents = TokenContents(np.ones(9, np.int64), np.array([0, 0, 0, 0, 9, 1, 9, 9, 9]))
    table = np.tile([0, 0, 0, 0, 0, 99, 0, 0, 0], (9, 1))
    config = GenerateConfig(primer_tokens=1, top_k=1, max_bars=1, meter="1/4", **FOLLOWING)
    (song,) = Sampler(fake(table), ANY, config, contents, slots=1).sample([0], [(B,) + 20 * (C,)])
    assert spoken(song) == 11 * "b"
