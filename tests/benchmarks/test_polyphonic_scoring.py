import math

import numpy as np
import pytest

from benchmarks import polyphonic_dataset as datasets
from benchmarks import polyphonic_scoring as scoring
from benchmarks.polyphonic_table import Row, StepScore, table
from nabi.music import windows
from nabi.music.encodings import Steps, write_steps
from nabi.music.vocabulary import END, Vocabulary
from nabi.networks import network
from nabi.networks.song_memory import SongMemory
from nabi.networks.trained_model import TrainedModel
from trainer.data.window_arrays import Windows

pytestmark = pytest.mark.slow

VOCABULARY = Vocabulary.from_ordered(["C4", "E4", "G4", "|"], {})
ARCHITECTURE = network.Architecture(8, embedding=4, units=5, layers=2, dropout=0.5, blocked=(0, 1, 2))

# 6 tokens in 3 steps, then 1 token in 1 step, then 7 tokens in 2.
PIECES = [((60, 64), (), (60,)), ((),), ((60, 64, 67), (60, 67))]

STEPS = np.array([3, 1, 2])
NEW = np.zeros(3)


def cut(window: int) -> Windows:
    parts = [windows.cut(windows.mark(VOCABULARY.encode(write_steps(piece))), window, window) for piece in PIECES]
    tokens = np.concatenate([part[0] for part in parts]).astype(np.int32)
    return Windows(tokens, np.concatenate([part[1] for part in parts]))


def build(scale: float):
    model = network.build(ARCHITECTURE)
    model.set_weights([scale * weights for weights in model.get_weights()])
    return model


@pytest.mark.parametrize("window", [2, 3, 4, 50])
def test_a_uniform_model_costs_the_same_for_every_token_but_the_end(window):
    # `<end>`, three notes and `|` are allowed: ln 5 a token; 14 tokens in 6 steps, 6 / 3, 1 / 1 and 7 / 2 a piece.
    score = scoring.score_windows(build(0), cut(window), steps=STEPS, shares=NEW)
    assert score.nats_per_step == pytest.approx(14 * math.log(5) / 6, rel=1e-6)
    assert score.mean_of_pieces == pytest.approx((2 + 1 + 3.5) / 3 * math.log(5), rel=1e-6)
    assert (score.steps, score.pieces) == (6, 3)


def test_new_pieces_have_a_figure_of_their_own():
    score = scoring.score_windows(build(0), cut(3), steps=STEPS, shares=np.array([0.09, 0.1, 0.5]))
    # The first piece alone: 6 tokens in 3 steps.
    assert (score.new_pieces, score.half_shared) == (1, 1)
    assert score.new_nats_per_step == pytest.approx(2 * math.log(5), rel=1e-6)
    known = scoring.score_windows(build(0), cut(3), steps=STEPS, shares=np.ones(3))
    assert (known.new_pieces, known.new_nats_per_step, known.half_shared) == (0, None, 3)


@pytest.mark.parametrize("window", [3, 50])
def test_a_step_costs_what_its_tokens_cost_after_all_before(window):
    model = build(2)
    nats = []
    for piece in PIECES:
        ids = [2, *VOCABULARY.encode(write_steps(piece)).tolist()]
        logits = model(np.array([ids[:-1]])).numpy()[0].astype(np.float64)
        of_tokens = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(ids) - 1), ids[1:]]
        nats.append(of_tokens.sum())
    score = scoring.score_windows(model, cut(window), steps=STEPS, shares=NEW)
    assert score.nats_per_step == pytest.approx(sum(nats) / 6, rel=1e-5)
    assert score.mean_of_pieces == pytest.approx((nats[0] / 3 + nats[1] + nats[2] / 2) / 3, rel=1e-5)


def test_pieces_come_back_from_their_windows():
    pieces = scoring.pieces_of(scoring.without_ends(cut(3)))
    assert [piece.tolist() for piece in pieces] == [[2, 4, 5, 7, 7, 4, 7], [2, 7], [2, 4, 5, 6, 7, 4, 6, 7]]


def test_a_model_with_a_memory_is_told_the_piece_across_its_windows():
    memory = SongMemory.of(VOCABULARY, Steps())
    model = network.build(ARCHITECTURE, memory=memory)
    scores = [scoring.score_windows(model, cut(window), steps=STEPS, shares=NEW) for window in (3, 50)]
    assert scores[0].nats_per_step == pytest.approx(scores[1].nats_per_step, rel=1e-5)


def test_ends_are_left_out():
    assert END in cut(3).tokens
    assert END not in scoring.without_ends(cut(3)).tokens


def bundle(vocabulary, content, target="every") -> TrainedModel:
    small = network.Architecture(len(vocabulary), embedding=2, units=2, layers=1, dropout=0, blocked=(0, 1, 2))
    model = network.build(small)
    model.set_weights([0 * weights for weights in model.get_weights()])
    return TrainedModel(model, vocabulary, Steps(), {"target": target}, {"content": content})


def test_a_model_is_scored_on_the_split_of_its_own_dataset(tmp_path):
    pieces = {"train": PIECES, "validation": PIECES[:1], "test": PIECES[1:]}
    settings = datasets.settings_of(pieces, ticks=3, window=4, stride=4, semitones=())
    datasets.build(str(tmp_path), "Nottingham", pieces, settings)
    test, trained_on = (datasets.open_split(str(tmp_path), split) for split in ("test", "validation"))
    score = scoring.score(bundle(test.vocabulary, test.content), test, "test", trained_on, 3)
    # 128 notes, `|` and `<end>`: ln 130 a token, 8 tokens in 3 steps.
    assert score.nats_per_step == pytest.approx(8 * math.log(130) / 3, rel=1e-6)
    assert (score.pieces, score.steps) == (2, 3)
    with pytest.raises(ValueError, match="give --data"):
        scoring.score(bundle(test.vocabulary, "another"), test, "test", trained_on, 3)
    with pytest.raises(ValueError, match="--target last"):
        scoring.score(bundle(test.vocabulary, test.content, "last"), test, "test", trained_on, 3)


def test_pieces_are_compared_with_those_of_the_training_split(tmp_path):
    # 13 notes up by one and two: known in another key; the other piece stands nowhere.
    tune = tuple((50 + 3 * (place // 2) + place % 2,) for place in range(13))
    turned = tuple((100 - note,) for (note,) in tune[::-1]) + tune[::-1]
    pieces = {"train": [tune], "validation": [tune], "test": [tuple((note + 7,) for (note,) in tune), turned]}
    settings = datasets.settings_of(pieces, ticks=3, window=4, stride=4, semitones=(-1, 1))
    datasets.build(str(tmp_path), "Nottingham", pieces, settings)
    test, trained_on = (datasets.open_split(str(tmp_path), split) for split in ("test", "validation"))
    score = scoring.score(bundle(test.vocabulary, test.content), test, "test", trained_on, 3)
    assert (score.pieces, score.new_pieces, score.half_shared) == (2, 1, 1)


def test_the_table_has_the_published_figures_beside_the_test_split_alone():
    ours = StepScore(4.25, 4.5, 1234, 77, 4.75, 30, 39)
    rows = [Row("JSB_Chorales", split, 13, ours) for split in ("validation", "test")]
    rows.append(Row("MuseData", "test", 1, StepScore(5, 6, 7, 8, None, 0, 8)))
    validation, test, other = (line.split() for line in table(rows).splitlines()[1:4])
    figures = ["13", "77", "1,234", "4.250", "4.500", "30", "4.750", "39"]
    assert validation == ["JSB_Chorales", "validation", *figures]
    assert test == ["JSB_Chorales", "test", *figures, "5.56", "8.45", "4.5"]
    assert other[-6:] == ["0", "-", "8", "5.60", "-", "4.8"]
