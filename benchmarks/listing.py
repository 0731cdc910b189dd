"""`python -m benchmarks.listing`: memory and time to list a million objects, in MB and seconds, with the real client.

A small server in a process of its own returns the pages of Google Cloud Storage. Each figure is measured in a new
process; the memory of one that lists a single object is subtracted.
"""

import hashlib
import http.server
import json
import multiprocessing
import os
import resource
import time
import urllib.parse
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from nabi.workspace.commands import Parser

_PAGE = 1000


def name(number: int) -> str:
    """Names an object as in Lakh's dataset; names are sorted by number."""
    return f"lakh/{number:07d}/{hashlib.md5(str(number).encode()).hexdigest()}.mid"


def page(objects: int, token: str) -> dict[str, object]:
    """Builds the page for a page token, as `objects.list` returns it."""
    begin = int(token or 0)
    end = min(begin + _PAGE, objects)
    items = [{"name": name(number), "size": "30000", "generation": f"17{number:014d}"} for number in range(begin, end)]
    return {"kind": "storage#objects", "items": items, **({"nextPageToken": str(end)} if end < objects else {})}


def serve(objects: int, ready: Connection) -> None:
    """Serves listings forever; sends its address through `ready`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
            body = json.dumps(page(objects, query.get("pageToken", [""])[0])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ready.send(f"http://127.0.0.1:{server.server_address[1]}")
        server.serve_forever()


def walk() -> int:
    """Iterates over the listing without keeping it."""
    from nabi.workspace import storage

    return sum(1 for _ in storage.match("gs://music/lakh"))


def expand() -> int:
    """Lists, sorts and fingerprints sources, as preprocess does before it starts the pipeline."""
    from pipelines.config import PreprocessConfig
    from pipelines.preprocessing import build_dataset
    from pipelines.reading import sources

    listing = sources.expand(["gs://music/lakh"])
    build_dataset.request_of(PreprocessConfig(window=64), listing)
    return len(listing)


def _measured(work: Callable[[], int], address: str, answer: Connection) -> None:
    os.environ["STORAGE_EMULATOR_HOST"] = address
    began = time.monotonic()
    count = work()
    answer.send((count, time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _start(function: Callable[..., None], *arguments: object) -> tuple[multiprocessing.Process, Any]:
    """Starts a process and waits for its first message; raises EOFError if it ends before."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=function, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours.recv()


def measure(work: Callable[[], int], objects: int) -> tuple[float, float]:
    """Measures seconds and peak MB of a process that lists `objects` objects."""
    server, address = _start(serve, objects)
    try:
        count, seconds, megabytes = _start(_measured, work, address)[1]
    finally:
        server.terminate()
    if count != objects:
        raise RuntimeError(f"{work.__name__} gave {count} instead of {objects}")
    return seconds, megabytes


def main() -> None:
    """Prints a line for each kind of work."""
    parser = Parser("python -m benchmarks.listing", description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    objects = parser.parse_or_exit().objects
    for work in (walk, expand):
        _, least = measure(work, 1)
        seconds, megabytes = measure(work, objects)
        print(f"{work.__name__:8} {objects:,} objects  {seconds:7.1f} s  {megabytes - least:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
