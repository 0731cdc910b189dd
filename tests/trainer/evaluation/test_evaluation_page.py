import re

from tests.nabi.pages import elements
from trainer.evaluation import evaluation_page

EVIL = '<img src=x onerror="alert(1)">{{title}}'


def rates(nats):
    return {
        **{f"nats_per_{unit}": nats * times for unit, times in (("token", 1), ("note", 2), ("second", 16))},
        **{f"bits_per_{unit}": nats * times * 1.5 for unit, times in (("token", 1), ("note", 2), ("second", 16))},
        "perplexity": 8.0,
    }


def evaluation(**changed):
    group = {"tokens": 5, "loss_nats": 2.125, "accuracy": 0.25, "ngram_nats": 1.5}
    score = {"tokens": 1234, "loss_nats": 2.0, "perplexity": 7.389, "accuracy": 0.5}
    detail = {
        "tokens": 1234, "songs": 1, "notes": 617, "seconds": 90.0, "quarters_per_minute": 120, "unreadable_songs": 0,
        "model": rates(2.0), "baselines": {"unigram": rates(4.0), "5-gram": rates(1.0)}, "top_1": 0.5, "top_5": 0.75,
        "calibration": {
            "expected_error": 0.0625,
            "bins": [
                {"low": 0.0, "high": 0.1, "tokens": 0, "confidence": None, "accuracy": None},
                {"low": 0.9, "high": 1.0, "tokens": 9, "confidence": 0.95, "accuracy": 0.5},
            ],
        },
        "by_kind": [{"kind": "note", **group}],
        "by_position_in_window": [{"first": 1, "last": 1, **group}],
        "by_position_in_song": [{"first": 1, "last": 1, **group}, {"first": 2, "last": 3, **group}],
    }  # fmt: skip
    return {
        "model": "/runs/mine/model", "data": "data", "split": "test", "step": 300, "same_data": True,
        "splits": {"train": score, "validation": score, "test": None},
        "baselines": {"validation": {"unigram": 4.0, "5-gram": 1.0}, "test": None},
        "best_ngram": {"name": "9-gram", "order": 9, "chosen_on": "validation"},
        "baselines_counted": {"songs": 3, "tokens": 99, "whole_split": False},
        "measured": "whole", "warnings": [], "detail": detail, **changed,
    }  # fmt: skip


HISTORY = [
    {"step": 100, "train_loss_nats": 4.0, "validation_loss_nats": None},
    {"step": 200, "train_loss_nats": 2.0, "validation_loss_nats": 3.0},
]


def test_the_page_is_whole_and_needs_nothing_else():
    shown = evaluation_page.page(evaluation(), HISTORY)
    found = elements.Elements(shown)
    assert found.open == []
    assert "://" not in shown
    assert "{{" not in shown
    assert not {tag for tag, _ in found.found} & {"script", "img", "iframe", "object", "form"}
    targets = {attrs["id"] for _, attrs in found.found if "id" in attrs}
    assert {attrs["href"] for tag, attrs in found.found if tag == "a"} == {f"#{target}" for target in targets}


def test_what_it_tells():
    text = elements.Elements(evaluation_page.page(evaluation(), HISTORY)).text
    for told in (
        "mine: test split", "617 notes, 1.5 minutes of music", "Nothing was found against this model",
        "counted on 3 songs, 99 tokens: the first of the training split",
        "up to 14 the 9-gram is the best in validation",
        "expected error 0.062",
        "120 quarter notes a minute",
    ):  # fmt: skip
        assert told in text


def test_the_best_comes_first():
    table = evaluation_page.losses(evaluation()["detail"])
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr>(.*?)</tr>", table)]
    assert [row[0] for row in rows[1:]] == ["5-gram", "this", "unigram"]
    assert rows[1] == ["5-gram", "1.000", "1.500", "2.000", "3.000", "16.000", "24.000", "8.00"]


def test_kinds_and_positions_stand_beside_the_best_ngram():
    detail = evaluation()["detail"]
    assert ">9-gram</th>" in evaluation_page.kinds(detail["by_kind"], "9-gram")
    assert ">9-gram<" in evaluation_page.by_position(detail["by_position_in_song"], "its song", "9-gram")


def test_splits_have_a_column_for_every_baseline_but_uniform():
    losses = {"validation": {"uniform": 5.0, "5-gram": 1.0, "9-gram": 0.5}, "test": None}
    rows = evaluation_page.splits(evaluation()["splits"], losses)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", rows))
    heads, train, validation = cells
    assert heads[-3:] == ["Predicted", "5-gram", "9-gram"]
    assert (train[-2:], validation[-2:]) == (["–", "–"], ["1.000", "0.500"])


def test_training_is_drawn_beside_the_baselines():
    drawn = evaluation_page.curves(HISTORY, {"5-gram": 1.0})
    # From 0 to 4 nats, over 200 steps; one evaluation is a dot.
    assert 'class="first" d="M50.00 0.00L100.00 50.00"' in drawn
    assert 'class="second dot" d="M100.00 25.00L100.00 25.00"' in drawn
    assert 'class="faint" d="M0.00 75.00L100.00 75.00"' in drawn
    assert ">5-gram 1.00<" in drawn
    assert "No step was trained" in evaluation_page.curves([], {})


def test_hostile_texts_stay_texts():
    shown = evaluation_page.page(evaluation(model=EVIL, data=EVIL, measured=EVIL, warnings=[EVIL]), HISTORY)
    found = elements.Elements(shown)
    assert not [attrs for tag, attrs in found.found if tag == "img" or any(name.startswith("on") for name in attrs)]
    assert found.text.count(EVIL) >= 4


def test_loss_of_no_music_is_a_dash():
    silent = {**rates(2.0), "nats_per_note": None, "bits_per_note": None}
    assert "<td>–<br><small>–</small></td>" in evaluation_page.losses({"model": silent, "baselines": {}})
