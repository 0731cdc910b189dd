"""The end of a run: final figures, curves, the model in plain Keras, and the mark that all of it is there."""

import importlib.metadata
import platform

import keras

from models import bundle
from songs import layout, storage
from songs.logs import say
from songs.reference import Reference
from songs.windows import SPLITS
from trainer import copying, curves, folder, verdicts
from trainer.baselines import told
from trainer.config import TrainConfig
from trainer.dataset import Dataset
from trainer.history import Table
from trainer.scoring import Score, score_split
from trainer.survey import Survey
from trainer.warm_start import Warm


def finish(
    folders: folder.Folders,
    model: keras.Model,
    best_step: int,
    *,
    config: TrainConfig,
    dataset: Dataset,
    survey: Survey,
    history: Table,
    warm: Warm | None,
) -> None:
    """Measures and publishes a run's model, which is of its best step; COMPLETED comes last."""
    scores = {split: score_split(model, survey, split) for split in SPLITS}
    baselines = survey.baseline_losses()
    best = survey.baselines.best
    reference = Reference(dataset.content)
    index = copying.publish(dataset, folders.file(layout.COPIES), reference.look)
    reference.write(folders.file(layout.REFERENCE))
    bundle.save_model(model, folders.file(layout.MODEL))
    storage.write_text(folders.file(layout.VOCABULARY), dataset.vocabulary.to_json())
    layout.write_json(folders.file(layout.CONFIG), settings(config, dataset, warm))
    figures = {split: score.as_dict() if score else None for split, score in scores.items()}
    metrics = {
        **figures,
        "baselines": baselines,
        "best_ngram": best.as_dict() if best else None,
        "baselines_counted": survey.baselines.counted.as_dict(),
        "unknown_share": survey.unknown_share,
        "steps": history.rows[-1]["step"] if history.rows else 0,
        "best_step": best_step,
        "parameters": model.count_params(),
        "measured": survey.measured,
        "copies": copying.as_dict(index),
    }
    layout.write_json(folders.file(layout.METRICS), metrics)
    curves.draw(folders.file(layout.CURVES), history, baselines=baselines["validation"], best_step=best_step)
    layout.complete(folders.model, folder.marks_of(config, dataset, warm))
    say(table(scores, baselines))
    say(told(metrics["baselines_counted"], metrics["best_ngram"]))
    say(copying.told(index))
    for warning in verdicts.warnings(history.rows, figures, baselines):
        say(f"warning: {warning}")
    say(f"the model of step {best_step} is in {folders.model}")


def settings(config: TrainConfig, dataset: Dataset, warm: Warm | None) -> dict[str, object]:
    """`config.json`: everything that made the model, and what the generator needs to use it."""
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
    """The final figures for a person: loss, perplexity and accuracy beside the baselines' losses."""
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
