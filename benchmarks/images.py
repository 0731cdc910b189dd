"""`make test-images`: the Dockerfiles' steps in fresh environments, and a tiny job of each image in its own.

There may be no Docker where this runs; `benchmarks.dockerfile` does what the files say. TensorFlow with CUDA and its
copies take some 15 GB of disk for a while.
"""

import pathlib
import subprocess
import sys
import tempfile

from benchmarks import dockerfile
from nabi.workspace.commands import Parser

ROOT = pathlib.Path(__file__).parent.parent
FILES = {"preprocess": "dataflow", "train": "train", "generate": "generate"}
# What each image must not have: its start and its size are paid by every worker.
LEFT_OUT = {"preprocess": ("tensorflow", "keras"), "train": ("apache_beam",), "generate": ()}
# Tunes of the nursery song and its like, as `--input` takes them.
TUNES = ("g8 e8 e4 f8 d8 d4", "c8 d8 e8 f8 g8 g8 g4", "e8 e8 e4 d8 d8 d4", "g8 g8 e8 e8 d4", "c4 e4 g4 c4", "a8 b8 c4")


def main() -> int:
    """Builds what is asked for and runs the chain; the exit status: 0, or 1 with what failed."""
    parser = Parser("python -m benchmarks.images", description=__doc__)
    parser.add_argument("--keep", help="a folder to work in, and to leave as it is")
    chosen = parser.parse_or_exit()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(chosen.keep or folder)
        stages = {name: build(name, work / "images") for name in FILES}
        for name, stage in stages.items():
            require_absent(name, stage)
        chain(stages, work / "runs")
    print("all images run their jobs")
    return 0


def build(name: str, work: pathlib.Path) -> dockerfile.Stage:
    """The last stage of an image."""
    print(f"{name}: replaying deploy/{FILES[name]}/Dockerfile", flush=True)
    return dockerfile.replay(ROOT / "deploy" / FILES[name] / "Dockerfile", ROOT, work / name)


def require_absent(name: str, stage: dockerfile.Stage) -> None:
    """Ends the program if an image has what it must not have."""
    for package in LEFT_OUT[name]:
        if stage.python("-c", f"import {package}").returncode == 0:
            sys.exit(f"{name} has {package}, which no job of it uses")


def chain(stages: dict[str, dockerfile.Stage], runs: pathlib.Path) -> None:
    """Each image's help and its job: a dataset, a model, its evaluation and songs."""
    data, model, songs = (str(runs / name) for name in ("dataset", "model", "songs"))
    tunes = [f"--input=codes:{tune}" for tune in TUNES]
    small = ["--steps=5", "--units=8", "--embedding=8", "--layers=1", "--batch_size=4"]
    jobs = (
        ("preprocess", [*launcher(stages["preprocess"]), *tunes, f"--output={data}", "--split=.5,.25,.25"]),
        ("train", [*stages["train"].entrypoint[1:], f"--data={data}", f"--model_dir={model}", *small]),
        ("train", ["-m", "trainer.evaluate", f"--model={model}", f"--data={data}"]),
        ("preprocess", ["-m", "pipelines.promote", f"--output={runs}", "--run=none"]),
        ("generate", [*launcher(stages["generate"]), f"--model={model}", f"--output={songs}", "--num_songs=2"]),
    )
    for name, command in jobs:
        require(stages[name].python(*command[:2], "--help"), f"{name}: --help")
        done = stages[name].python(*command)
        if "pipelines.promote" in command:
            # It has no such run, and says so: all that it needs is there.
            assert "run `python -m trainer.task` first" in done.stderr, done.stderr
            continue
        require(done, f"{name}: {' '.join(command)}")
    found = sorted(path.name for path in pathlib.Path(songs).glob("song-*.mid"))
    if found != ["song-00000.mid", "song-00001.mid"]:
        sys.exit(f"{songs} should have two songs, and has {found}")


def launcher(stage: dockerfile.Stage) -> list[str]:
    """How Dataflow's launcher starts the job, followed by nothing of its own."""
    return [stage.variable("FLEX_TEMPLATE_PYTHON_PY_FILE")]


def require(done: "subprocess.CompletedProcess[str]", what: str) -> None:
    """Ends the program with what a job said if it failed."""
    if done.returncode:
        sys.exit(f"{what} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    print(f"  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
