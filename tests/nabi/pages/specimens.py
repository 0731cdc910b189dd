"""Every kind of page, of a run whose directory is a fingerprint, with names as long as files may have."""

import dataclasses

from generator import compare
from generator.pages import gallery, summary_page
from generator.pages.gallery import SongSet
from generator.songs_dir import output
from generator.songs_dir.summary import SongsSummary
from nabi.music.encodings import Events
from nabi.pages import headings
from nabi.workspace import paths
from nabi.workspace.paths import RUNS
from pipelines.dataset_report import report_page
from tests.generator.pages import test_summary_page
from tests.generator.songs_dir import test_summary
from tests.pipelines.dataset_report import test_report_page
from tests.trainer.evaluation import test_evaluation_page
from tests.trainer.tuning import test_tune_page
from trainer.evaluation import evaluation_page
from trainer.judging import gate_checks, gate_page

RUN = f"/data/chorales/{RUNS}/0123456789abcdef"
LONG = "a_name_without_any_place_to_break_" * 4


def dataset_page(folder):
    rows = [
        test_report_page.ledger_row(0, source=f"{LONG}.mid", instrument=LONG, licence=LONG, cluster="song0"),
        test_report_page.ledger_row(1, source="1.mid", cluster="song0", duplicate_of="song0"),
        test_report_page.ledger_row(2, source=f"{LONG}2.mid", outcome="lost", reason=f"{LONG}: damaged"),
    ]
    folder.mkdir()
    test_report_page.dataset(folder, Events(), rows=rows, settings={"instrument": LONG})
    return report_page.page(report_page.read(str(folder)), headings.name_of(f"{RUN}/dataset"))


def evaluation_page_of(_):
    found = test_evaluation_page.evaluation(model=f"{RUN}/model", data=LONG, measured=LONG, warnings=[LONG])
    return evaluation_page.page(found, test_evaluation_page.HISTORY)


def tune_page(_):
    return test_tune_page.page(f"{RUN}/model", target=LONG)


def decision_page(_):
    checks = [
        gate_checks.enough(8, 10),
        gate_checks.Check("loss against the champion", 1.0, "more than 0 nats a note", True, f"a sentence of {LONG}"),
    ]
    drift = {
        "files": {"new": 1, "gone": 0},
        **{name: [1, 2_000_000] for name in ("songs", "tokens", "vocabulary")},
        "figures": {"pitch_class_entropy": [2.5, None]},
        "overlaps": {"pitch_classes": 0.5, "density": None},
        "moved": ["pitch_classes"],
    }
    decision = {
        "promote": False, "challenger": f"{RUN}/model", "champion": f"{RUN[:-1]}0/model", "songs_to_judge_by": 8,
        "checks": [dataclasses.asdict(check) for check in checks], "reasons": gate_checks.reasons(checks),
        "drift": drift,
    }  # fmt: skip
    return gate_page.page(decision)


def summary_page_of(_):
    rows, found = [test_summary.row(test_summary.CHORD, **test_summary_page.NOVEL)], test_summary.reference()
    told = {**SongsSummary.of(rows).as_dict(found), "settings": {"primer": LONG}}
    return summary_page.page(told, found, f"{RUN}/songs")


def songs_of(count, **more):
    """Rows of songs with a picture's place, of which every third is silent."""
    given = {"key": "D minor", "seconds": 6.0, "notes": 9, "tokens": 50, "log_likelihood": -60.0, "novelty": 0.93}
    return [{"song": at, **given, **({} if at % 3 == 2 else {"audio": "a.mp3"}), **more} for at in range(count)]


METRICS = {"validation": {"loss_nats": 1.0, "accuracy": 0.5}, "baselines": {"validation": {"uniform": 5.0}}}


def songs_page(_):
    made = SongSet(songs_of(12), {"network": LONG}, METRICS, {"primer": LONG}, summary="summary.html")
    return gallery.page([made], title=output.title_of(12, f"{RUN}/songs"))


def compare_page(folder):
    folders = []
    for name in ("sampled", "greedy"):
        songs = folder / RUNS / name
        paths.write_rows(
            str(songs / paths.rows_name(paths.SONGS, 0, 1)),
            [{**row, "seed": 1, "settings": {"primer": name}} for row in songs_of(3)],
        )
        paths.write_json(str(songs / paths.MADE_BY), {"model": {"network": LONG}, "metrics": METRICS})
        paths.complete(str(songs), {"request": "r", "content": "c"})
        folders.append(str(songs))
    page = folder / "compare.html"
    compare.compare(folders, str(page))
    return page.read_text()


# Name -> what makes the page, given a new directory, and its heading.
PAGES = {
    "report": (dataset_page, "chorales"),
    "evaluation": (evaluation_page_of, "chorales: test split"),
    "tune": (tune_page, "chorales: search"),
    "decision": (decision_page, "chorales: the champion stays"),
    "summary": (summary_page_of, "chorales: what 1 song is like"),
    "songs": (songs_page, "chorales: 12 songs"),
    "compare": (compare_page, "sampled and greedy"),
}
