"""A worker process of Beam's local runner that ends with the job and leaves Ctrl-C to it.

Its standard input is a pipe of the job's, see `command`.
"""

import os
import shlex
import sys

from beam_jobs.options import ignore_checksum_remark
from songs.subprocesses import end_with_parent


def command() -> str:
    """The shell command that starts a worker, for as long as this process lives.

    Beam gives its workers no pipe; the system gives the reading end of this process' own to whoever opens it there.
    """
    # Never closed: the writing end, which no other process inherits, is what ends with this one.
    reading, _ = os.pipe()
    python = shlex.join([sys.executable, "-m", __name__])
    return f"trap '' INT; exec {python} < /proc/{os.getpid()}/fd/{reading}"


def main() -> None:
    """Works for the job whose addresses stand in the environment."""
    end_with_parent()
    ignore_checksum_remark()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
