import re

import pytest

from tests.nabi.pages import elements
from trainer.tuning import tune_page
from trainer.tuning.search import RANGES
from trainer.tuning.trial import TrialResult

KEYS = ("learning_rate", "units", "layer_norm")
SEARCHED = {key: RANGES[key] for key in KEYS}
RESULTS = [
    TrialResult(1, {"learning_rate": 0.001, "units": 128, "layer_norm": False}, 3.0, 100, 80, 1234, 70.25),
    TrialResult(2, {"learning_rate": 0.0003, "units": 512, "layer_norm": True}, 2.0, 90, 60, 99_999, 80.0),
    TrialResult(3, {"learning_rate": 0.01, "units": 256, "layer_norm": False}),
]
EVIL = '<img src=x onerror="alert(1)">{{title}}'


def page(folder="/runs/mine/model", results=RESULTS, **train):
    request = {"trials": 5, "searched": {key: str(SEARCHED[key]) for key in KEYS}, "train": {"steps": 100, **train}}
    return tune_page.page(folder, request, SEARCHED, results)


def test_the_page_is_whole_and_needs_nothing_else():
    found = elements.Elements(page())
    assert found.open == []
    assert "://" not in page()
    assert "{{" not in page()
    assert not {tag for tag, _ in found.found} & {"script", "img", "iframe", "object", "form"}
    targets = {attrs["id"] for _, attrs in found.found if "id" in attrs}
    assert {attrs["href"] for tag, attrs in found.found if tag == "a"} == {f"#{target}" for target in targets}


def test_what_it_tells():
    text = elements.Elements(page()).text
    for told in (
        "mine: search", "best: 2.0000 nats a token, trial 2", "3 of 5 trials", "1 diverged",
        "0.0003..0.01, logarithmic", "steps",
    ):  # fmt: skip
        assert told in text
    assert "no model yet" in elements.Elements(page(results=RESULTS[2:])).text


def test_table_is_sorted_and_the_best_is_marked():
    found = re.findall(r"<tr>(.*?)</tr>", tune_page.table(RESULTS))
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found[1:]]
    assert rows == [
        ['<b class="best">2, the best</b>', "<b>2.0000</b>", "0.0003", "512", "yes", "90", "60", "99,999", "80.0"],
        ["1", "3.0000", "0.001", "128", "no", "100", "80", "1,234", "70.2"],
        ["3", "diverged", "0.01", "256", "no", "–", "–", "–", "–"],
    ]
    assert 'class="best"' not in tune_page.table(RESULTS[2:])


def test_a_picture_for_each_setting_and_the_best_drawn_last():
    best = "3 dots. Lowest: trial 2: 2.0000 nats, learning_rate 0.0003, units 512, layer_norm yes"
    assert re.findall(r'aria-label="(Loss .*?)"', page()) == [
        f"Loss in nats a token by trial: {best}", *(f"Loss in nats a token against {key}: {best}" for key in KEYS),
    ]  # fmt: skip
    drawn = tune_page.picture("units", SEARCHED["units"], RESULTS)
    # 128..512 from 3 to 97 in the width, 2..3 nats with some room above and below.
    assert re.findall(r'class="([\w ]+)" d="M([\d.]+ [\d.]+)L.*?<title>(trial \d: \w+)', drawn) == [
        ("first dot", "3.00 6.90", "trial 1: 3"),
        ("faint dot", "34.33 0.00", "trial 3: diverged"),
        ("second best dot", "97.00 93.10", "trial 2: 2"),
    ]


def test_a_loss_far_above_does_not_press_the_others_together():
    losses = [2.0, 2.25, 2.5, 400.0]
    results = [TrialResult(number, {"units": 128}, loss) for number, loss in enumerate(losses, 1)]
    drawn = tune_page.picture("units", SEARCHED["units"], results)
    assert 'class="faint dot" d="M3.00 0.00L3.00 0.00"><title>trial 4: 400.0000 nats' in drawn
    assert re.findall(r'class="first dot" d="M3.00 ([\d.]+)L', drawn) == ["50.00", "6.90"]


@pytest.mark.parametrize(
    ("key", "labels"),
    [
        ("learning_rate", "0.0003 0.001 0.003 0.01"), ("units", "128 256 384 512"), ("layers", "1 2 3"),
        ("dropout", "0 0.1 0.2 0.3 0.4 0.5 0.6"), ("layer_norm", "no yes"), ("weight_decay", "0 0.01 0.1"),
    ],
)  # fmt: skip
def test_labels_along_the_axis(key, labels):
    assert [label for _, label in tune_page.ticks(RANGES[key])] == labels.split()


def test_places_along_the_axis():
    rate, decay = RANGES["learning_rate"], RANGES["weight_decay"]
    # Half of a logarithmic axis is the geometric mean.
    assert tune_page.place(rate, (3e-4 * 1e-2) ** 0.5) == pytest.approx(0.5)
    assert (tune_page.place(rate, 3e-4), tune_page.place(rate, 1e-2)) == (pytest.approx(0.03), pytest.approx(0.97))
    assert [round(tune_page.place(decay, value), 3) for value in (0.0, 0.01, 0.1)] == [0.167, 0.5, 0.833]


def test_hostile_texts_stay_texts():
    found = elements.Elements(page(folder=EVIL, target=EVIL))
    assert not [attrs for tag, attrs in found.found if tag == "img" or any(name.startswith("on") for name in attrs)]
    assert found.text.count(EVIL) >= 2
