"""`python -m nabi`: the command `nabi`, where no such command is on the path."""

import sys

from nabi import command

if __name__ == "__main__":
    sys.exit(command.main())
