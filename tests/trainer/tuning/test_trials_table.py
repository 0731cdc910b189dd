import math

from trainer.tuning import trials_table
from trainer.tuning.trial import TrialResult

RESULTS = [
    TrialResult(1, {"learning_rate": 0.00123456789, "layer_norm": True}, 2.5, 100, 80, 1234, 7.25),
    TrialResult(2, {"learning_rate": 0.01, "layer_norm": False}),
    TrialResult(3, {"learning_rate": 0.002, "layer_norm": False}, 2.125, 90, 90, 1200, 6.0),
    TrialResult(4, {"learning_rate": 0.002, "layer_norm": False}, 2.125, 90, 90, 1200, 6.0),
]


def test_csv_has_all_digits_in_the_order_of_the_trials():
    assert trials_table.as_csv(RESULTS) == (
        "trial,outcome,loss_nats,learning_rate,layer_norm,steps,best_step,parameters,seconds\n"
        "1,finished,2.500000,0.00123456789,True,100,80,1234,7.2\n"
        "2,diverged,,0.01,False,,,,\n"
        "3,finished,2.125000,0.002,False,90,90,1200,6.0\n"
        "4,finished,2.125000,0.002,False,90,90,1200,6.0\n"
    )


def test_text_has_the_best_first():
    assert trials_table.as_text(RESULTS[:3]) == (
        "trial      loss  learning_rate  layer_norm  steps  seconds\n"
        "    3    2.1250          0.002          no     90      6.0\n"
        "    1    2.5000        0.00123         yes    100      7.2\n"
        "    2  diverged           0.01          no                \n"
        "(losses in nats a token)"
    )


def test_text_of_many_trials_stays_short():
    many = [TrialResult(number, {"units": 8}, 1.0 + number) for number in range(1, 31)]
    lines = trials_table.as_text(many).splitlines()
    assert (lines[20].split()[0], lines[21]) == ("20", "(10 more in trials.csv)")


def test_of_equal_losses_the_earlier_and_what_diverged_last():
    assert [result.number for result in trials_table.ordered(RESULTS[::-1])] == [3, 4, 1, 2]
    assert RESULTS[1].loss == math.inf
