"""Runs the jobs of a retraining run in order, skipping finished ones, and says why a run ends without songs."""

import logging

from nabi.workspace import champion, judging_songs, logs, paths, storage
from nabi.workspace.champion import Champion
from nabi.workspace.retraining_steps import may_challenge
from pipelines import promote
from pipelines.retraining import jobs, runs
from pipelines.retraining.runs import RetrainRequest

# The smallest --min_gate_songs that `trainer.gate` takes.
_FEWEST_SONGS = 2


def run_jobs(request: RetrainRequest, output: str, *, fresh: bool, min_gate_songs: int) -> None:
    """Runs the jobs of a request that are not finished: dataset, model, judgement, and songs if it is the champion.

    Without songs it says why there are none.

    Args:
      request: the run's request.
      output: the retraining directory.
      fresh: true trains from random weights although there is a champion.
      min_gate_songs: the smallest number of songs that the gate judges by.

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
    _start_unless_finished(plan.dataset)
    if twin := _find_twin(request, output, folder, now):
        _end_with_twin(twin, now, request, output, fresh)
        return
    if paths.completed(plan.model.folder) is None:
        _require_judging_songs(request, output, now, fresh, min_gate_songs)
    _start_unless_finished(plan.model)
    if _is_champion(request, output, folder, plan.trial):
        _make_songs(request, output, folder, fresh)
    elif champion.read(output).run:
        logs.say(f"no songs were made: {_more_of_the_champion(output)}")
    else:
        logs.say("no songs were made: there is no champion; without --first_must_pass in --gate there would be one")


def _folder(output: str, run: str) -> str:
    return storage.join(output, paths.RUNS, run)


def _plan(request: RetrainRequest, output: str, folder: str, fresh: bool) -> jobs.Plan:
    """Plans the jobs of a run that has begun; songs sampled with changed settings get directories of their own."""
    begun = runs.begun(folder)
    label = "" if begun["sampling"] == request.sampling else request.sampling[:8]
    return jobs.plan(
        folder,
        request.inputs,
        request.recipe,
        request.job_flags,
        champion=_start_run(output, folder),
        warm=not fresh,
        label=label,
    )


def _start_run(output: str, folder: str) -> str:
    """Returns the directory of the champion that a run starts from; "" if there was none, or its dataset is gone."""
    name = runs.begun(folder)["champion"]
    start_run = _folder(output, name) if name else ""
    if start_run and paths.completed(storage.join(start_run, paths.DATA)) is None:
        logging.info("the dataset of %s is not there any more: all files are read again", name)
        return ""
    return start_run


def _require_comparable(output: str, run: str) -> None:
    """Raises ValueError if the champion's model or dataset, which a challenger is judged against, is gone."""
    for part in (paths.MODELS, paths.DATA):
        path = storage.join(output, paths.RUNS, run, part)
        if paths.completed(path) is None:
            raise ValueError(
                f"{path} of the champion is not there any more, so that nothing can be judged against it: copy it "
                f"back, go back to the champion before it (--rollback), or delete {output}/{paths.CHAMPION} to begin "
                "without one"
            )


def _find_twin(request: RetrainRequest, output: str, folder: str, now: champion.Champion) -> str:
    """Returns the champion, or a run withdrawn by a rollback, that has a run's songs and settings; "" if none has."""
    for other in (now.run, *now.withdrawn):
        path = storage.join(output, paths.RUNS, other)
        different = other not in ("", request.name)
        if different and runs.same_settings(path, request) and runs.same_songs(folder, path):
            return other
    return ""


def _end_with_twin(twin: str, now: Champion, request: RetrainRequest, output: str, fresh: bool) -> None:
    """Ends a run that has the songs and the settings of another, the champion or one withdrawn by a rollback."""
    rollback = "" if twin == now.run else ", which a rollback took back"
    logging.info("the songs and the settings are those of %s%s: the champion %s stays", twin, rollback, now.run)
    if twin == now.run:
        _make_songs(request, output, _folder(output, twin), fresh)
    else:
        logs.say(f"no songs were made: {_more_of_the_champion(output)}")


def _more_of_the_champion(output: str) -> str:
    return f"`python -m generator.generate --model {output} --output SONGS` samples more from the champion"


def _require_judging_songs(
    request: RetrainRequest, output: str, now: Champion, fresh: bool, min_gate_songs: int
) -> None:
    """Checks before a training, which may take hours, that there will be songs to judge its model by.

    Warns if there are too few to judge a later model.

    Raises:
      ValueError: if there is a champion and too few songs are new to both models.
    """
    folder = _folder(output, request.name)
    data = storage.join(folder, paths.DATA)
    if not now.run:
        songs = len(judging_songs.new_to_both(data, ()))
        if songs < min_gate_songs:
            consequence = "so that the gate could not judge a later model"
            logging.warning("warning: %s", _too_few(songs, min_gate_songs, consequence))
    elif may_challenge(request.name, now):
        songs = len(judging_songs.new_to_both(data, _training_datasets(output, folder, now, fresh)))
        if songs < min_gate_songs:
            consequence = (
                f"so that the gate could not judge a new model against the champion {now.run}, and none was trained"
            )
            raise ValueError(_too_few(songs, min_gate_songs, consequence))


def _training_datasets(output: str, folder: str, now: Champion, fresh: bool) -> list[str]:
    """Lists the datasets of the champion and of all models that it, or the model to be trained, was started from."""
    champion_run, start_run = _folder(output, now.run), "" if fresh else _start_run(output, folder)
    models = [storage.join(run, paths.MODELS) for run in dict.fromkeys((champion_run, start_run)) if run]
    models = [model for model in models if paths.completed(model) is not None]
    datasets = judging_songs.training_datasets(storage.join(champion_run, paths.DATA), models)
    return [*datasets, storage.join(start_run, paths.DATA)] if start_run else datasets


def _too_few(songs: int, min_gate_songs: int, consequence: str) -> str:
    count = f"{songs} {'song is' if songs == 1 else 'songs are'} held out that no model was trained on"
    lower = f', or ask for fewer: --gate="--min_gate_songs={songs}"' if songs >= _FEWEST_SONGS else ""
    return (
        f"only {count}, of {min_gate_songs} that it takes (--min_gate_songs), {consequence}: add music (of new files a "
        f'larger share is held out by --preprocess="--split=0.8,0.1,0.1"), begin anew in another --output{lower}'
    )


def _is_champion(request: RetrainRequest, output: str, folder: str, trial: jobs.Job) -> bool:
    """Judges a run, unless it was judged by the same flags, promotes it if it passed, and returns true if it leads."""
    now = champion.read(output)
    gate_flags = list(request.job_flags.get(jobs.GATE, ()))
    is_judged = champion.judgement(output, request.name, now.run) is not None and runs.judged_by(folder) == gate_flags
    if not is_judged and may_challenge(request.name, now):
        _start_unless_finished(trial)
        jobs.start(jobs.gate(folder, _folder(output, now.run) if now.run else "", request.job_flags))
        runs.judge_by(folder, gate_flags)
    promotion = promote.promote(output, request.name)
    logging.log(logging.WARNING if promotion.failed_checks else logging.INFO, "\n%s", promotion.message)
    return promotion.is_champion


def _make_songs(request: RetrainRequest, output: str, folder: str, fresh: bool) -> None:
    """Makes a champion's songs and prints their paths."""
    plan = _plan(request, output, folder, fresh)
    for job in plan.songs:
        _start_unless_finished(job)
    logs.say(report(folder, plan))


def report(folder: str, plan: jobs.Plan) -> str:
    """Returns the paths of a run's songs, model and dataset, one a line."""
    lines = (
        ("songs", plan.page),
        ("model", storage.join(folder, paths.MODELS)),
        ("dataset", storage.join(folder, paths.DATA)),
    )
    return "\n".join(["", *(f"{name:8} {path}" for name, path in lines)])


def _start_unless_finished(job: jobs.Job) -> None:
    """Starts a job unless its directory is finished; a page is made each time."""
    if job.name != jobs.COMPARE and paths.completed(job.folder) is not None:
        logging.info("%s: %s is finished, skipped", job.name, job.folder)
    else:
        jobs.start(job)
