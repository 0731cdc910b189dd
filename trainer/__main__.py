"""`python -m trainer`: the commands of this package."""

import sys

from nabi.workspace import commands

COMMANDS = {
    "task": "trains a model on a dataset, or goes on with it; --tune N searches for settings",
    "evaluate": "measures how well a model predicts held-out songs, compared with n-gram models",
    "gate": "decides whether a new model replaces the champion (pipelines.retrain runs it)",
    "pack": "packs a model into one file, which every --model takes",
    "card": "a model's card, with data, licences, figures and checks, and the folder that a hub of models takes",
}

if __name__ == "__main__":
    sys.exit(commands.overview("trainer", "A dataset -> a model.", COMMANDS))
