import pytest

from trainer.judging import form_check

TRAINING = {
    "parallel_fifths": {"songs": 0, "training": 0.4, "training_spread": 0.8, "validation": 0.5},
    "recurrence": {"songs": 0, "training": 44.0, "training_spread": 20.0},
    "ends_on_triad": {"songs": 0, "training": 100.0, "training_spread": 0.0},
    "polyphony": {"songs": 0, "training": 4.0, "training_spread": 0.1},
}


def rows(songs=32, weights=None, **figures):
    return [{"measured": {"figures": figures, "weights": weights or {}}}] * songs


def judged(challenger, champion, most=0.25):
    return form_check.form(challenger, champion, TRAINING, most)


def test_a_challenger_with_more_parallels_is_refused_in_words():
    check = judged(rows(parallel_fifths=9.1, recurrence=30), rows(parallel_fifths=0.5, recurrence=0))
    assert (check.passed, check.value) == (False, 1)
    assert check.said == (
        "Parallel fifths (of 100 chord changes, between voices counted from below): the challenger's songs have 9.10, "
        "the champion's 0.50, the training songs 0.40"
    )
    assert "0.25 of their standard deviation" in check.threshold


def test_every_figure_that_got_worse_is_named():
    check = judged(rows(parallel_fifths=9, recurrence=100), rows(parallel_fifths=0.5, recurrence=44))
    assert check.value == 2
    assert "Parallel fifths" in check.said
    assert "Recurrence" in check.said


def test_a_challenger_that_is_nearer_or_as_near_on_the_other_side_passes():
    old = rows(parallel_fifths=3, recurrence=0)
    assert judged(rows(parallel_fifths=0, recurrence=88), old).passed
    assert judged(old, old).passed
    assert judged(rows(recurrence=44), old).said.startswith("none of 1 figures")


@pytest.mark.parametrize(
    ("songs", "recurrence", "most", "passed"),
    [
        # The champion's 44 % are the training songs'. Both means err by 20 % / sqrt(32), their difference by 5 %.
        (32, 44 - 9.7, 0, True),
        (32, 44 - 9.9, 0, False),
        (32, 44 + 9.9, 0, False),
        (32, 44 - 9.9, 0.25, True),
        (32, 44 - 14.7, 0.25, True),
        (32, 44 - 14.9, 0.25, False),
        (4, 44 - 27, 0, True),
        (4, 44 - 28, 0, False),
    ],
)
def test_what_is_chance_or_below_the_threshold_passes(songs, recurrence, most, passed):
    assert judged(rows(songs, recurrence=recurrence), rows(songs, recurrence=44), most).passed is passed


@pytest.mark.parametrize(("failures", "passed"), [(0, True), (2, True), (4, False)])
def test_where_all_training_songs_agree_any_loss_that_is_not_chance_counts(failures, passed):
    new = rows(32 - failures, ends_on_triad=100) + rows(failures, ends_on_triad=0)
    assert judged(new, rows(ends_on_triad=100)).passed is passed


def test_figures_of_other_kinds_are_not_judged():
    assert judged(rows(polyphony=1, recurrence=44), rows(polyphony=4, recurrence=44)).passed


def test_a_mean_counts_songs_by_their_weights():
    training = {"held_chords_on_bars": {"training": 50.0, "training_spread": 0.0}}
    heavy = rows(31, {"held_chords_on_bars": 1}, held_chords_on_bars=0) + rows(
        1, {"held_chords_on_bars": 31}, held_chords_on_bars=100
    )
    assert form_check.form(heavy, rows(held_chords_on_bars=50), training, 0).passed


@pytest.mark.parametrize(
    ("challenger", "champion", "figures"),
    [([], rows(recurrence=1), TRAINING), (rows(recurrence=1), [], TRAINING), (rows(recurrence=1),) * 2 + ({},)],
)
def test_nothing_to_compare_is_no_pass(challenger, champion, figures):
    check = form_check.form(challenger, champion, figures, 0.25)
    assert (check.passed, check.value) == (False, None)
