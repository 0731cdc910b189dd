"""`python -m trainer.evaluate --model MODEL --data DATASET`: measures how well a model predicts, and warns."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nabi.music.windows import SPLITS
from nabi.networks import remote_files
from nabi.workspace import directories, job_exit, paths, storage
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.logs import say
from trainer.data.dataset import Dataset, open_dataset
from trainer.data.window_mode import WindowMode
from trainer.evaluation import evaluation_page, warnings
from trainer.evaluation.baselines import BestNgram, describe
from trainer.training.history import HISTORY_COLUMNS, CsvTable

if TYPE_CHECKING:
    # They take seconds to import; flags and checks do without.
    import numpy.typing as npt

    from nabi.networks.trained_model import TrainedModel
    from trainer.evaluation.dataset_survey import DatasetSurvey
    from trainer.evaluation.scoring import Evaluator, TokenScores

_EXAMPLES = """examples:
  python -m trainer.evaluate --model runs/mine/model --data runs/mine/dataset
  python -m trainer.evaluate --model runs/mine/model --data runs/mine/dataset --split validation --output report

It scores every token of the split once and compares the loss with that of baselines on the same tokens: uniform, and
interpolated n-grams (modified Kneser-Ney) of the training split: unigram, bigram, 5-gram, and the order up to 14 that
predicts the validation split best. OUTPUT gets evaluation-SPLIT.html, a page to read; evaluation-SPLIT.json, the same
figures; and scalars for `tensorboard --logdir OUTPUT/tensorboard`. Warnings say where the model overfits, memorises or
loses to the n-grams.
"""


@refusing("error")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and evaluates; returns the exit status: 0 or 2 (wrong use)."""
    flags = _parser().parse_args(argv)
    run(model=flags.model, data=flags.data, split=flags.split, output=flags.output)
    return 0


def run(*, model: str, data: str, split: str = "test", output: str | None = None) -> dict[str, Any]:
    """Evaluates a model on a split and publishes page, figures and TensorBoard scalars.

    Args:
      model: a finished model directory; see `nabi.workspace.directories.find`.
      data: a finished dataset directory of the same vocabulary, found alike.
      split: `validation` or `test`.
      output: the directory to write to, instead of the model's own.

    Returns:
      The content of `evaluation-SPLIT.json`.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    remote_files.open_schemes(model, data, output or "")
    model = directories.model(model)
    output = storage.folder(output or model)
    dataset = open_dataset(data)
    keys = ("vocabulary", "encoding", "data", "dataset", "train")
    require_same(paths.read_object(storage.join(model, paths.CONFIG), *keys), dataset, model)
    _require_songs(dataset, split)
    storage.check_writable(output)
    evaluation = _measure(model, dataset, split)
    _publish(evaluation, _history(model).rows, output)
    return evaluation


def require_same(config: dict[str, Any], dataset: Dataset, model: str) -> None:
    """Raises ValueError if a dataset's ids or windows are not those that the model was trained with."""
    if dataset.vocabulary.fingerprint != config["vocabulary"]:
        raise ValueError(
            f"the dataset {dataset.folder} has the vocabulary {dataset.vocabulary.fingerprint}, but the model {model} "
            f"was trained with {config['vocabulary']} (on {config['data']}): give that --data, or preprocess with "
            f"--vocabulary {storage.join(model, paths.VOCABULARY)}"
        )
    # A model of last tokens reads windows of one length only, and with carried state at one stride.
    mode = WindowMode.from_config(config["train"])
    windowing = [key for key, matters in (("window", mode.last_only), ("stride", mode.overlapping)) if matters]
    keys = ("encoding", "song_marks", *windowing)
    for key in keys:
        ours, theirs = dataset.settings[key], config["dataset"][key]
        if ours != theirs:
            raise ValueError(
                f"the dataset {dataset.folder} was made with {key} {ours}, but the model {model} was trained with "
                f"{theirs}: preprocess with the model's --{key}"
            )


def _require_songs(dataset: Dataset, split: str) -> None:
    if not dataset.windows(split):
        others = [name for name in SPLITS[1:] if dataset.windows(name)]
        way_out = f"give --split {others[0]}" if others else "preprocess with a --split that has one, such as .8,.1,.1"
        raise ValueError(f"the dataset {dataset.folder} has no song in its {split} split: {way_out}")


def _measure(model: str, dataset: Dataset, split: str) -> dict[str, Any]:
    # TensorFlow takes seconds to import: every check comes before. Silences its start-up log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from nabi.networks import trained_model
    from trainer.evaluation import dataset_survey

    loaded = trained_model.load(model)
    survey = dataset_survey.survey_dataset(dataset, WindowMode.from_config(loaded.config["train"]))
    metrics = paths.read_object(storage.join(model, paths.METRICS), "best_step")
    about = {"model": model, "data": dataset.folder, "split": split, "step": metrics["best_step"]}
    same_data = loaded.marks["content"] == dataset.content
    figures = evaluate(loaded, survey, split)
    sentences = warnings.warnings(_history(model).rows, figures["splits"], figures["baselines"])
    return {**about, "same_data": same_data, **figures, "warnings": sentences}


def evaluate(loaded: "TrainedModel", survey: "DatasetSurvey", split: str) -> dict[str, Any]:
    """Measures a model on all splits, and on one in detail.

    Args:
      loaded: the model with its vocabulary and encoding.
      survey: of the dataset.
      split: the split measured token by token.

    Returns:
      `splits` and `baselines`, as in metrics.json; `detail`, see `loss_breakdown.detail`; and how it was measured.

    Raises:
      ValueError: if no token of the split is scored.
    """
    from trainer.data.window_arrays import token_stream
    from trainer.evaluation import loss_breakdown, scoring

    network, weights = scoring.ScoringNetwork(loaded.model), loaded.model.get_weights()
    scores, best = _token_scores(scoring.evaluator_of(network, survey, split), weights, survey, split)
    known = {split: scores.score()}
    splits = {name: known.get(name) or scoring.score_split(network, weights, survey, name) for name in SPLITS}
    return {
        "splits": {name: score.as_dict() if score else None for name, score in splits.items()},
        "baselines": survey.baseline_losses(),
        "best_ngram": best.as_dict(),
        "baselines_counted": survey.baselines.counted.as_dict(),
        "unknown_share": survey.unknown_share,
        "measured": survey.measured,
        "detail": loss_breakdown.detail(
            scores,
            survey.baselines.log_probabilities(split),
            best_ngram=best.name,
            tokens=token_stream(survey.windows[split]),
            vocabulary=loaded.vocabulary,
            encoding=loaded.encoding,
        ),
    }


def _token_scores(
    evaluator: "Evaluator | None", weights: "list[npt.NDArray]", survey: "DatasetSurvey", split: str
) -> "tuple[TokenScores, BestNgram]":
    """Scores every token of a split, and finds the n-gram to compare with; raises ValueError if there is no token."""
    scores = evaluator.tokens(weights) if evaluator else None
    best = survey.baselines.best
    if not scores or not best:
        raise ValueError(
            f"no token of the {split} split can be scored: its songs are shorter than the model's window, or wholly "
            "unknown to the vocabulary; preprocess more songs"
        )
    return scores, best


def _history(model: str) -> CsvTable:
    history = CsvTable(storage.join(model, paths.HISTORY), HISTORY_COLUMNS)
    history.read()
    return history


def _publish(evaluation: dict[str, Any], history: Sequence[dict[str, Any]], output: str) -> None:
    """Writes the figures, the scalars and, last, the page; prints a summary and the warnings."""
    split = evaluation["split"]
    page = storage.join(output, paths.evaluation_name(split, "html"))
    paths.write_json(storage.join(output, paths.evaluation_name(split, "json")), evaluation)
    _write_events(evaluation, storage.join(output, paths.TENSORBOARD, f"evaluation-{split}"))
    storage.write_text(page, evaluation_page.page(evaluation, history))
    say(summary(evaluation))
    for warning in evaluation["warnings"]:
        say(f"warning: {warning}")
    say(page)


def summary(evaluation: dict[str, Any]) -> str:
    """Formats the split's figures as a terminal table, the best first."""
    detail = evaluation["detail"]
    rows = [("this model", detail["model"]), *detail["baselines"].items()]
    lines = [f"{evaluation['split']:<12}{'nats':>9}{'bits':>9}{'bits':>9}{'bits':>9}"]
    lines.append(f"{'':<12}{'a token':>9}{'a token':>9}{'a note':>9}{'a second':>9}")
    for name, rates in sorted(rows, key=lambda row: row[1]["nats_per_token"]):
        values = (rates[unit] for unit in ("nats_per_token", "bits_per_token", "bits_per_note", "bits_per_second"))
        lines.append(f"{name:<12}" + "".join(f"{'-' if value is None else f'{value:.3f}':>9}" for value in values))
    lines.append(
        f"top-1 {detail['top_1']:.1%}, top-5 {detail['top_5']:.1%}, expected calibration error "
        f"{detail['calibration']['expected_error']:.3f}, {detail['tokens']:,} tokens"
    )
    return "\n".join([*lines, describe(evaluation["baselines_counted"], evaluation["best_ngram"])])


def _write_events(evaluation: dict[str, Any], folder: str) -> None:
    import tensorflow as tf

    from nabi.networks.event_files import EventFiles

    detail = evaluation["detail"]
    scalars = {
        **detail["model"],
        **{f"{name} nats_per_token": rates["nats_per_token"] for name, rates in detail["baselines"].items()},
        "top_1": detail["top_1"],
        "top_5": detail["top_5"],
        "expected_calibration_error": detail["calibration"]["expected_error"],
        **{f"nats_per_token of {row['kind']}": row["loss_nats"] for row in detail["by_kind"]},
    }
    # Scalars of an earlier evaluation would be drawn into the same curve.
    storage.delete(folder)
    files = EventFiles(folder)
    with tf.summary.create_file_writer(files.written_to).as_default(step=evaluation["step"]):
        for name, value in scalars.items():
            if value is not None:
                tf.summary.scalar(f"evaluation/{name.replace(' ', '_')}", value)
    files.publish()


def _parser() -> Parser:
    parser = Parser("python -m trainer.evaluate", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add(
        "--model",
        required=True,
        help=directories.MODEL.accepted,
    )
    add(
        "--data",
        required=True,
        help=f"of the same vocabulary as the model's: {directories.DATASET.accepted}",
    )
    add("--split", default="test", choices=SPLITS[1:], help="the split measured token by token (default: test)")
    add("--output", help="directory to write to (default: the model directory)")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "evaluate")
