import math

from generator.pages import loss_chart

METRICS = {
    "train": {"loss_nats": 1.0},
    "validation": {"loss_nats": 1.5, "perplexity": 4.48, "accuracy": 0.5, "tokens": 10},
    "test": None,
    "baselines": {"validation": {"unigram": 3.5, "uniform": 6.0, "bigram": 1.25, "trigram": None, "4-gram": math.inf}},
}
TRAINED = {"name": "this model", "loss": 1.5, "model": True, "split": "validation", "accuracy": 0.5}


def test_a_model_stands_among_its_baselines():
    uniform, unigram, bigram = (
        {"name": name, "loss": loss} for name, loss in [("uniform", 6.0), ("unigram", 3.5), ("bigram", 1.25)]
    )
    assert loss_chart.bars([("this model", METRICS)]) == [uniform, unigram, TRAINED, bigram]


def test_without_a_validation_split_the_training_loss_is_named_as_such():
    found = loss_chart.bars(
        [("this model", {"train": {"loss_nats": 1.0}, "validation": None, "baselines": {"validation": {}}})]
    )
    assert found == [{"name": "this model", "loss": 1.0, "model": True, "split": "train"}]
    assert loss_chart.bars([("this model", {})]) == []
    assert loss_chart.bars([("this model", {"validation": {"loss_nats": math.nan}})]) == []


def test_several_models_stand_among_the_baselines_and_one_model_has_all_its_names():
    untrained = {**METRICS, "validation": {"loss_nats": 6.5}}
    found = loss_chart.bars(
        [("sampled", METRICS), ("untrained", untrained), ("greedy", dict(METRICS)), ("unknown", {})]
    )
    assert [(bar["name"], bar["loss"], bar.get("model", False)) for bar in found] == [
        ("untrained", 6.5, True),
        ("uniform", 6.0, False),
        ("unigram", 3.5, False),
        ("sampled, greedy", 1.5, True),
        ("bigram", 1.25, False),
    ]


def test_losses_of_different_splits_are_not_compared():
    assert loss_chart.bars([("one", METRICS), ("other", {"train": {"loss_nats": 1.0}})]) == []
