"""Publishes a finished run: final figures, curves, the model in plain Keras and, last, COMPLETED."""

import importlib.metadata
import platform

import keras

from nabi.analysis import copies
from nabi.music.windows import SPLITS
from nabi.networks import trained_model
from nabi.workspace import paths, storage
from nabi.workspace.logs import say
from trainer.config import TrainConfig
from trainer.data.dataset import Dataset
from trainer.evaluation import warnings
from trainer.evaluation.baselines import describe
from trainer.evaluation.dataset_survey import DatasetSurvey
from trainer.evaluation.scoring import Score, ScoringNetwork, score_split
from trainer.training import copy_index, curves, model_folder
from trainer.training.dataset_figures import DatasetFigures
from trainer.training.history import CsvTable
from trainer.training.warm_start import WarmStart


def finish(
    folders: model_folder.RunFolders,
    model: keras.Model,
    best_step: int,
    *,
    network: ScoringNetwork,
    figures: DatasetFigures,
    config: TrainConfig,
    dataset: Dataset,
    survey: DatasetSurvey,
    history: CsvTable,
    warm: WarmStart | None,
) -> None:
    """Measures and publishes a run's model, whose weights are those of its best step; COMPLETED comes last."""
    scores = {split: score_split(network, model.get_weights(), survey, split) for split in SPLITS}
    storage.write_bytes(folders.file(paths.COPIES), copies.write(figures.copies))
    figures.reference.write(folders.file(paths.REFERENCE))
    trained_model.save_model(model, folders.file(paths.MODEL))
    storage.write_text(folders.file(paths.VOCABULARY), dataset.vocabulary.to_json())
    paths.write_json(folders.file(paths.CONFIG), settings(config, dataset, warm))
    scored = {split: score.as_dict() if score else None for split, score in scores.items()}
    metrics = {
        **scored,
        **_baseline_metrics(survey, figures.baselines),
        "steps": history.rows[-1]["step"] if history.rows else 0,
        "best_step": best_step,
        "parameters": model.count_params(),
        "measured": survey.measured,
        "copies": copy_index.as_dict(figures.copies),
    }
    paths.write_json(folders.file(paths.METRICS), metrics)
    curves.draw(folders.file(paths.CURVES), history, baselines=figures.baselines["validation"], best_step=best_step)
    paths.complete(folders.model, model_folder.marks_of(config, dataset, warm))
    say(table(scores, figures.baselines))
    say(describe(metrics["baselines_counted"], metrics["best_ngram"]))
    say(copy_index.describe(figures.copies))
    for warning in warnings.warnings(history.rows, scored, figures.baselines):
        say(f"warning: {warning}")
    say(f"the model of step {best_step} is in {folders.model}")


def _baseline_metrics(survey: DatasetSurvey, losses: dict[str, dict[str, float] | None]) -> dict[str, object]:
    best = survey.baselines.best
    return {
        "baselines": losses,
        "best_ngram": best.as_dict() if best else None,
        "baselines_counted": survey.baselines.counted.as_dict(),
        "unknown_share": survey.unknown_share,
    }


def settings(config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> dict[str, object]:
    """Returns the content of config.json: all that the model was made from, and what the generator needs to use it."""
    packages = ("tensorflow-cpu", "tensorflow", "keras", "numpy")
    return {
        "train": config.as_dict(),
        "dataset": dataset.settings,
        "warm_start": warm.request if warm else None,
        "warm_started_from": warm.folder if warm else None,
        "data": dataset.folder,
        "content": dataset.content,
        "vocabulary": dataset.vocabulary.fingerprint,
        "encoding": dataset.settings["encoding"],
        "target": config.target,
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in packages}},
    }


def table(scores: dict[str, Score | None], baselines: dict[str, dict[str, float] | None]) -> str:
    """Formats the final figures for the terminal: loss, perplexity and accuracy beside the baselines' losses."""
    names = list(dict.fromkeys(name for nats in baselines.values() if nats for name in nats))
    heads = "".join(f"{name:>9}" for name in names)
    lines = [f"{'split':<12}{'loss':>8}{'perplexity':>12}{'accuracy':>10}{heads}"]
    for split, score in scores.items():
        if score is None:
            lines.append(f"{split:<12}{'-':>8}")
            continue
        figures = score.as_dict()
        line = f"{split:<12}{score.loss_nats:>8.4f}{figures['perplexity']:>12.3f}{score.accuracy:>10.3f}"
        nats = baselines.get(split) or {}
        lines.append(line + "".join(f"{nats[name]:>9.4f}" for name in names if name in nats))
    return "\n".join([*lines, "(losses in nats a token)"])


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
