"""`python -m generator`: the commands of this package."""

import sys

from nabi.workspace import commands

COMMANDS = {
    "generate": "samples songs from a model, with a page to look at and to listen to them",
    "explain": "what of a song stands in which training song, and where",
    "compare": "one page of the songs of several directories, side by side",
}

if __name__ == "__main__":
    sys.exit(commands.overview("generator", "A model -> songs.", COMMANDS))
