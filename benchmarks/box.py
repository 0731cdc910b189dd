"""`python -m benchmarks.box`: trains the model that comes with Nabi anew, and compares the two packs.

It runs what anyone would: preprocess, train, gate (`pipelines.retrain --recipe chorales`), then `trainer.pack`, in half
precision.
All on two cores, whatever the machine has: the rows of a batch are shared out to the cores, on one they are not, and
other sums round differently. On the same kind of CPU and with the packages of requirements.lock the pack has the same
bytes; otherwise the files that differ are named, and the exit status is 1. `--write` replaces the old pack.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from generator.play import boxed_model
from nabi.workspace import paths
from nabi.workspace.commands import Parser
from nabi.workspace.storage import packs

ROOT = pathlib.Path(__file__).parent.parent
# Relative, since the folder of the dataset stands in the model's config.json.
_OUTPUT = "runs/chorales"
_PACK = "chorales.nabi"
_CORES = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains and compares; returns 0 if the packs are equal or the new one was written, else 1."""
    parser = Parser("python -m benchmarks.box", description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace nabi/models/chorales.nabi")
    flags = parser.parse_or_exit(arguments)
    # The jobs inherit it.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:_CORES])
    with tempfile.TemporaryDirectory() as folder:
        _run(folder, "pipelines.retrain", "--recipe", "chorales", "--output", _OUTPUT)
        _run(folder, "trainer.pack", _OUTPUT, _PACK, "--precision=float16")
        new = f"{folder}/{_PACK}"
        different = differences(boxed_model(), new)
        if flags.write:
            shutil.copyfile(new, boxed_model())
    print("the same bytes" if not different else f"different: {', '.join(different)}")
    return 1 if different and not flags.write else 0


def differences(one: str, other: str) -> list[str]:
    """Lists the files of two packs that are not the same."""
    files, others = (paths.read_json(f"{path}/{packs.MANIFEST}")["files"] for path in (one, other))
    return sorted(name for name in files | others if files.get(name) != others.get(name))


def _run(folder: str, module: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
