"""The steps of a retraining, in order: one table, which `pipelines.retrain` runs through and `deploy.step` by the row.

Commands are known here by name alone, as a scheduler knows them.
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
# The songs that a model is judged by.
SAMPLE = "sample"
MODULES = {
    PREPROCESS: "pipelines.preprocess",
    TRAIN: "trainer.task",
    EVALUATE: "trainer.evaluate",
    GATE: "trainer.gate",
    PROMOTE: "pipelines.promote",
    GENERATE: "generator.generate",
}
# What has the packages that a command needs.
IMAGES = (PREPROCESS, TRAIN, GENERATE)
# When a step has something to do: always, if its run may take the champion's place, or if it is the champion.
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
      name: of it.
      job: the command that it runs, a key of `MODULES`.
      image: has what the command needs; one of `IMAGES`.
      flags: of the command, in which names in braces stand for what `arguments` is given.
      against: further flags where there is a champion to beat.
      when: it has something to do.
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
        """The flags of the command.

        Args:
          values: of the names in braces, as `places` gives them.
          more: flags that somebody asks for. Of a flag given twice the last one holds: nobody moves a directory from
            under the next step.
          against: whether there is a champion to beat.
        """
        templates = (*self.flags, *(self.against if against else ()))
        return (*more, *(template.format(**values) for template in templates))

    def is_due(self, run: str, now: Champion) -> bool:
        """Whether the step of a run has something to do, by the champion that there is."""
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
    # As many as tell whether a model copies, loops or drifts.
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
        against=("--champion={champion_model}", "--champion_data={champion_data}"),
        when=CHALLENGER,
    ),
    Step(PROMOTE, PROMOTE, PREPROCESS, ("--output={output}", "--run={run}")),
    Step(GENERATE, GENERATE, GENERATE, ("--model={model}", "--output={songs}"), when=CHAMPION),
)
BY_NAME = {step.name: step for step in STEPS}


def may_challenge(run: str, now: Champion) -> bool:
    """Whether a run may take the champion's place: it neither has it nor had it."""
    return run not in (now.run, *now.before, *now.withdrawn)


def places(folder: str, champion: str = "") -> dict[str, str]:
    """The directories that steps read and write, by the names that stand for them in flags.

    Args:
      folder: of the run.
      champion: that of the run to beat; "": none.
    """
    return {
        **{name: storage.join(folder, place) for name, place in _FOLDERS.items()},
        "champion_model": storage.join(champion, paths.MODELS),
        "champion_data": storage.join(champion, paths.DATA),
    }
