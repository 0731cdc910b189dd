"""The table of the steps of a retraining: `pipelines.retrain` runs all rows in order, `deploy.step` a single one.

Commands are known here by module name alone, as a scheduler knows them.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from nabi.workspace import paths, storage
from nabi.workspace.champion import Champion

PREPROCESS, TRAIN, EVALUATE, GATE, PROMOTE, GENERATE = (
    "preprocess",
    "train",
    "evaluate",
    "gate",
    "promote",
    "generate",
)
# Samples the songs that a model is judged by.
SAMPLE = "sample"
MODULES = {
    PREPROCESS: "pipelines.preprocess",
    TRAIN: "trainer.task",
    EVALUATE: "trainer.evaluate",
    GATE: "trainer.gate",
    PROMOTE: "pipelines.promote",
    GENERATE: "generator.generate",
}
# Container images, each with the packages of one or more commands.
IMAGES = (PREPROCESS, TRAIN, GENERATE)
# When a step is due: always, if its run may become the champion, or if its run is the champion.
ALWAYS, CHALLENGER, CHAMPION = "always", "challenger", "champion"

_FOLDERS = {
    "data": paths.DATA,
    "model": paths.MODELS,
    "songs": paths.SONGS,
    "gate_songs": paths.GATE_SONGS,
    "gate": paths.GATE,
}


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of a retraining.

    Attributes:
      name: its name.
      job: the command that it runs, a key of `MODULES`.
      image: the image that has the command's packages, one of `IMAGES`.
      flags: flags of the command; `arguments` fills in names in braces.
      against: additional flags if there is a champion to beat.
      when: when it is due: `ALWAYS`, `CHALLENGER` or `CHAMPION`.
    """

    name: str
    job: str
    image: str
    flags: tuple[str, ...]
    against: tuple[str, ...] = ()
    when: str = ALWAYS

    def arguments(
        self, values: Mapping[str, str], more: Sequence[str] = (), *, against: bool = False
    ) -> tuple[str, ...]:
        """Returns the flags of the command.

        Args:
          values: values of the names in braces, see `places`.
          more: flags of the user, which come first: of a flag given twice the last one holds, so that nobody moves a
            directory that the next step needs.
          against: true if there is a champion to beat.
        """
        templates = (*self.flags, *(self.against if against else ()))
        return (*more, *(template.format(**values) for template in templates))

    def is_due(self, run: str, now: Champion) -> bool:
        """Returns true if the step has something to do for a run, given the present champion."""
        return {ALWAYS: True, CHALLENGER: may_challenge(run, now), CHAMPION: run == now.run}[self.when]


STEPS = (
    Step(
        PREPROCESS,
        PREPROCESS,
        PREPROCESS,
        ("--output={data}", "--keep_songs"),
        against=("--reuse={champion_data}",),
    ),
    Step(
        TRAIN,
        TRAIN,
        TRAIN,
        ("--data={data}", "--model_dir={model}"),
        against=("--warm_start={champion_model}", "--or_fresh"),
    ),
    Step(EVALUATE, EVALUATE, TRAIN, ("--model={model}", "--data={data}")),
    # 32 songs are enough to tell whether a model copies, loops or drifts; a later challenger is compared with them.
    Step(
        SAMPLE,
        GENERATE,
        GENERATE,
        ("--model={model}", "--output={gate_songs}", "--num_songs=32", "--audio=none"),
        when=CHALLENGER,
    ),
    Step(
        GATE,
        GATE,
        TRAIN,
        ("--model={model}", "--data={data}", "--songs={gate_songs}", "--output={gate}"),
        against=(
            "--champion={champion_model}",
            "--champion_data={champion_data}",
            "--champion_songs={champion_songs}",
        ),
        when=CHALLENGER,
    ),
    Step(PROMOTE, PROMOTE, PREPROCESS, ("--output={output}", "--run={run}")),
    Step(GENERATE, GENERATE, GENERATE, ("--model={model}", "--output={songs}"), when=CHAMPION),
)
BY_NAME = {step.name: step for step in STEPS}


def may_challenge(run: str, now: Champion) -> bool:
    """Returns true if a run may become the champion: it neither is nor was it.

    >>> may_challenge("c", Champion("b", before=("a",))), may_challenge("a", Champion("b", before=("a",)))
    (True, False)
    """
    return run not in (now.run, *now.before, *now.withdrawn)


def places(folder: str, champion: str = "") -> dict[str, str]:
    """Returns the directories that steps read and write, by their names in the flags' braces.

    Args:
      folder: the run's directory.
      champion: directory of the run to beat; "": none.
    """
    return {
        **{name: storage.join(folder, place) for name, place in _FOLDERS.items()},
        "champion_model": storage.join(champion, paths.MODELS),
        "champion_data": storage.join(champion, paths.DATA),
        "champion_songs": storage.join(champion, paths.GATE_SONGS),
    }
