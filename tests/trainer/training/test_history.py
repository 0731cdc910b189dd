import pytest

from trainer.training import history
from trainer.training.history import CsvTable, Reporter, mean_training_loss

COLUMNS = ("step", "train_loss_nats", "train_tokens")


def test_rows_are_read_as_they_were_written(tmp_path):
    table = CsvTable(str(tmp_path / "history.csv"), COLUMNS)
    for step, loss in ((10, 2.5), (20, None), (30, 1.0)):
        table.append(step=step, train_loss_nats=loss, train_tokens=4)
    table.write()
    again = CsvTable(table.path, COLUMNS)
    again.read()
    assert again.rows == table.rows
    assert (tmp_path / "history.csv").read_text() == (
        "step,train_loss_nats,train_tokens\n10,2.500000,4\n20,,4\n30,1.000000,4\n"
    )


def test_values_in_memory_are_those_of_the_file(tmp_path):
    table = CsvTable(str(tmp_path / "history.csv"), COLUMNS)
    assert table.append(step=1, train_loss_nats=1 / 3, train_tokens=1)["train_loss_nats"] == 0.333333


def test_unknown_column(tmp_path):
    with pytest.raises(ValueError, match=r"no columns \['speed'\]"):
        CsvTable(str(tmp_path / "history.csv"), COLUMNS).append(speed=1)


def test_training_loss_is_weighted_by_tokens(tmp_path):
    table = CsvTable(str(tmp_path / "history.csv"), COLUMNS)
    for step, loss, tokens in ((10, 9.0, 5), (20, 2.0, 1), (30, 1.0, 3)):
        table.append(step=step, train_loss_nats=loss, train_tokens=tokens)
    assert mean_training_loss(table, after=10) == pytest.approx((2.0 + 3.0) / 4)


def test_accuracy_has_a_column_where_it_is_told():
    assert history.history_columns(accuracy=False) == history.HISTORY_COLUMNS
    assert history.history_columns(accuracy=True)[:4] == ("step", "epoch", "train_loss_nats", "train_accuracy")
    assert set(history.history_columns(accuracy=True)) == {*history.HISTORY_COLUMNS, "train_accuracy"}


def test_accuracy_stands_in_the_line(capsys):
    Reporter(steps=10, first_step=0).report(10, loss=1.5, tokens=20, accuracy=0.75)
    assert capsys.readouterr().out.startswith("step 10/10  loss 1.5000 nats  accuracy 0.750  ")


def test_a_line_every_few_seconds(capsys, monkeypatch):
    now = iter([0.0, 1.0, 4.0, 5.0])
    monkeypatch.setattr(history.time, "monotonic", lambda: next(now))
    reporter = Reporter(steps=100, first_step=0, seconds=3)
    for step in (10, 40, 50):
        reporter.report(step, loss=1.5, tokens=2000)
    assert capsys.readouterr().out == "step 40/100  loss 1.5000 nats  1,000 tokens/s  0:06 left\n"
