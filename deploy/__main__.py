"""`python -m deploy`: the commands of this package."""

import sys

from nabi.workspace import commands

COMMANDS = {
    "vertex": "submits a training, a sampling job, a schedule or a model to Vertex AI",
    "pipeline": "compiles all steps for Vertex AI Pipelines",
    "step": "runs one step of a pipeline, here or in an image",
}

if __name__ == "__main__":
    sys.exit(commands.overview("deploy", "Nabi's jobs on Google Cloud.", COMMANDS))
