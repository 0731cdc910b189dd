import pytest

from pipelines.preprocessing import dataset_check


def totals(files, reasons=None, windows=5):
    return {"files": files, "reasons": reasons or {}, "splits": {"train": {"windows": windows}}}


def test_a_dataset_with_few_losses_passes():
    dataset_check.check(totals({"read": 9, "lost": 1}, {"damaged": 1}), 0.1, "ledger")


@pytest.mark.parametrize(
    ("made", "limit", "message"),
    [
        (
            totals({"read": 8, "lost": 2}, {"damaged": 2}),
            0.1,
            r"2 of 10 files were lost \(2 damaged\).*raise the limit",
        ),
        (totals({"read": 9, "lost": 1}, {"empty": 1}), 0, r"--max_lost_fraction 0 "),
        (totals({"lost": 3}, {"empty": 2, "no-notes": 1}), 1, r"none of 3 files gave a song \(2 empty, 1 no-notes\)"),
        (totals({"filtered": 3}, {"too-short": 3}), 1, "3 filtered"),
        (totals({"read": 3}, windows=0), 1, "none has 2 tokens"),
    ],
)
def test_what_is_no_dataset_says_why(made, limit, message):
    with pytest.raises(dataset_check.UnusableError, match=message):
        dataset_check.check(made, limit, "the/ledger")
