"""`python -m generator`: the commands of this package."""

import sys

from nabi.workspace import commands

COMMANDS = {
    "play": "samples songs from the model that comes with Nabi, or another, and opens their page",
    "generate": "samples songs from a model, with a page to look at and to listen to them",
    "page": "one HTML file that composes in the browser: the model inside, no network",
    "explain": "the passages that a song shares with training songs, and where",
    "compare": "one page of the songs of several directories, side by side",
    "listen": "a blind listening test of real songs and a model's, and its score",
}

if __name__ == "__main__":
    sys.exit(commands.overview("generator", "Songs from a trained model.", COMMANDS))
