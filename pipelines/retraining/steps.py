"""What a retraining run does: the jobs in order, each unless it is finished, and why it ends where it ends."""

import logging

from nabi.workspace import champion, judging_songs, logs, paths, storage
from nabi.workspace.champion import Champion
from nabi.workspace.retraining_steps import may_challenge
from pipelines import promote
from pipelines.retraining import jobs, runs
from pipelines.retraining.runs import RetrainRequest

# Fewer songs than this judge nobody: `trainer.gate` takes no lower --min_gate_songs.
_FEWEST_SONGS = 2


def work(request: RetrainRequest, output: str, *, fresh: bool, least: int) -> None:
    """Makes what a request lacks: dataset, model, judgement, and if its run is the champion songs; else says why not.

    Args:
      request: what was asked for.
      output: the retraining directory.
      fresh: whether training begins with first weights, although there is a champion.
      least: songs to judge by that the gate asks for.

    Raises:
      See `pipelines.retrain.run`.
    """
    now, folder = champion.read(output), _folder(output, request.name)
    if now.run not in ("", request.name):
        _require_comparable(output, now.run)
    runs.begin(folder, request, "" if now.run == request.name else now.run)
    if now.run == request.name:
        logging.info("the files and the settings are those of the champion %s", now.run)
    plan = _plan(request, output, folder, fresh)
    _do(plan.dataset)
    if known := _of_the_same_songs(request, output, folder, now):
        _end_with(known, now, request, output, fresh)
        return
    if paths.completed(plan.model.folder) is None:
        _require_judges(request, output, now, fresh, least)
    _do(plan.model)
    if _is_champion(request, output, folder, plan.trial):
        _make_songs(request, output, folder, fresh)
    elif champion.read(output).run:
        logs.say(f"no songs were made: {_more_of_the_champion(output)}")
    else:
        logs.say("no songs were made: there is no champion; without --first_must_pass in --gate there would be one")


def _folder(output: str, run: str) -> str:
    return storage.join(output, paths.RUNS, run)


def _plan(request: RetrainRequest, output: str, folder: str, fresh: bool) -> jobs.Plan:
    """The jobs of a run that has begun; its songs beside those that it began with, if they are sampled otherwise."""
    before, begun = _before(output, folder), runs.begun(folder)
    label = "" if begun["sampling"] == request.sampling else request.sampling[:8]
    made_of = (request.inputs, request.recipe, request.more)
    return jobs.plan(folder, *made_of, champion=before, warm=not fresh, label=label)


def _before(output: str, folder: str) -> str:
    """The directory of the champion that a run set out from; "" if there was none, or its dataset is gone."""
    pinned = runs.begun(folder)["champion"]
    before = _folder(output, pinned) if pinned else ""
    if before and paths.completed(storage.join(before, paths.DATA)) is None:
        logging.info("the dataset of %s is not there any more: all files are read again", pinned)
        return ""
    return before


def _require_comparable(output: str, run: str) -> None:
    """Raises ValueError if the champion is not there for a challenger to be judged against."""
    for place in (paths.MODELS, paths.DATA):
        path = storage.join(output, paths.RUNS, run, place)
        if paths.completed(path) is None:
            raise ValueError(
                f"{path} of the champion is not there any more, so that nothing can be judged against it: copy it "
                f"back, go back to the champion before it (--rollback), or delete {output}/{paths.CHAMPION} to begin "
                "without one"
            )


def _of_the_same_songs(request: RetrainRequest, output: str, folder: str, now: champion.Champion) -> str:
    """The champion, or what a rollback withdrew, if it was made of a run's songs by its settings; "" if neither was."""
    for other in (now.run, *now.withdrawn):
        path = storage.join(output, paths.RUNS, other)
        different = other not in ("", request.name)
        if different and runs.same_settings(path, request) and runs.same_songs(folder, path):
            return other
    return ""


def _end_with(known: str, now: Champion, request: RetrainRequest, output: str, fresh: bool) -> None:
    """Ends a run whose songs and settings are those of a champion, or of what a rollback took back."""
    why = "" if known == now.run else ", which a rollback took back"
    logging.info("the songs and the settings are those of %s%s: the champion %s stays", known, why, now.run)
    if known == now.run:
        _make_songs(request, output, _folder(output, known), fresh)
    else:
        logs.say(f"no songs were made: {_more_of_the_champion(output)}")


def _more_of_the_champion(output: str) -> str:
    return f"`python -m generator.generate --model {output} --output SONGS` samples more from the champion"


def _require_judges(request: RetrainRequest, output: str, now: Champion, fresh: bool, least: int) -> None:
    """Tells before a training, which may take hours, that its model could not be judged.

    Raises:
      ValueError: if there is a champion and too few songs are new to both.
    """
    folder = _folder(output, request.name)
    data = storage.join(folder, paths.DATA)
    if not now.run:
        songs = len(judging_songs.new_to_both(data, ()))
        if songs < least:
            logging.warning("warning: %s", _too_few(songs, least, "so that the gate could not judge a later model"))
    elif may_challenge(request.name, now):
        songs = len(judging_songs.new_to_both(data, _heard(output, folder, now, fresh)))
        if songs < least:
            said = f"so that the gate could not judge a new model against the champion {now.run}, and none was trained"
            raise ValueError(_too_few(songs, least, said))


def _heard(output: str, folder: str, now: Champion, fresh: bool) -> list[str]:
    """The datasets of the champion and of all models that it, or what is to be trained, was started from."""
    best, before = _folder(output, now.run), "" if fresh else _before(output, folder)
    models = [storage.join(run, paths.MODELS) for run in dict.fromkeys((best, before)) if run]
    models = [model for model in models if paths.completed(model) is not None]
    datasets = judging_songs.training_datasets(storage.join(best, paths.DATA), models)
    return [*datasets, storage.join(before, paths.DATA)] if before else datasets


def _too_few(songs: int, least: int, then: str) -> str:
    held_out = f"{songs} {'song is' if songs == 1 else 'songs are'} held out that no model was trained on, of {least}"
    lower = f', or ask for fewer: --gate="--min_gate_songs={songs}"' if songs >= _FEWEST_SONGS else ""
    return (
        f"only {held_out} that it takes (--min_gate_songs), {then}: add music, hold out a larger share of what comes "
        f'(--preprocess="--split=0.8,0.1,0.1"){lower}'
    )


def _is_champion(request: RetrainRequest, output: str, folder: str, trial: jobs.Job) -> bool:
    """Judges a run, unless that was done, and promotes it if it is better or the first."""
    seen = champion.read(output)
    asked = list(request.more.get(jobs.GATE, ()))
    judged = champion.judgement(output, request.name, seen.run) is not None and runs.judged_by(folder) == asked
    if not judged and may_challenge(request.name, seen):
        _do(trial)
        jobs.start(jobs.gate(folder, _folder(output, seen.run) if seen.run else "", request.more))
        runs.judge_by(folder, asked)
    promotion = promote.promote(output, request.name)
    logging.log(logging.WARNING if promotion.doubted else logging.INFO, "\n%s", promotion.said)
    return promotion.done


def _make_songs(request: RetrainRequest, output: str, folder: str, fresh: bool) -> None:
    """Makes a champion's songs, and says where they lie."""
    plan = _plan(request, output, folder, fresh)
    for job in plan.songs:
        _do(job)
    logs.say(report(folder, plan))


def report(folder: str, plan: jobs.Plan) -> str:
    """Where a run's songs, model and dataset lie."""
    lines = (
        ("songs", plan.page),
        ("model", storage.join(folder, paths.MODELS)),
        ("dataset", storage.join(folder, paths.DATA)),
    )
    return "\n".join(["", *(f"{name:8} {path}" for name, path in lines)])


def _do(job: jobs.Job) -> None:
    """Starts a job unless what it makes is finished; a page is made each time."""
    if job.name != jobs.COMPARE and paths.completed(job.folder) is not None:
        logging.info("%s: %s is finished, skipped", job.name, job.folder)
    else:
        jobs.start(job)
