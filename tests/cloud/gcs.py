"""Google Cloud Storage in a thread: PyPI's gcp-storage-emulator, and what of the service it lacks and Nabi relies on.

Added are: generations as preconditions and as pins, listings in pages, the service's words where a bucket is missing,
several requests at a time; and faults for tests to order: a status, a lost connection, a lost answer.
"""

import contextlib
import dataclasses
import http.server
import io
import logging
import threading
import urllib.parse
from collections.abc import Iterator

from gcp_storage_emulator import server
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import buckets
from gcp_storage_emulator.storage import Storage

BUCKET = "music"
# As the service has it where a client asks for no less.
PAGE = 1000


class PreconditionFailedError(Exception):
    """The object is not of the generation that a request names."""


@dataclasses.dataclass
class Fault:
    """What happens to the next requests instead of an answer.

    Attributes:
      times: as many of them.
      status: the answer; 0 closes the connection.
      message: of the answer, in the service's form.
      method: only of such requests.
      containing: only where the address has that in it.
      carried_out: whether the request is done nevertheless, and only its answer is lost.
    """

    times: int
    status: int = 0
    message: str = "on order of a test"
    method: str = ""
    containing: str = ""
    carried_out: bool = False

    def hits(self, method: str, path: str) -> bool:
        """Whether a request suffers this fault; counts it."""
        if self.times <= 0 or self.method not in ("", method) or self.containing not in path:
            return False
        self.times -= 1
        return True


_read_data = server._read_data


def _read_data_even_if_empty(handler: server.RequestHandler, query: dict[str, list[str]]) -> object:
    """The body of a request, b"" where the emulator has None, and fails for an object without content."""
    data = _read_data(handler, query)
    return b"" if data is None else data


server._read_data = _read_data_even_if_empty


class Objects(Storage):
    """The emulator's store, in memory, which keeps the precondition `expected` of the request at work."""

    def __init__(self) -> None:
        super().__init__(use_memory_fs=True)
        self.expected: int | None = None
        self._of_uploads: dict[str, int | None] = {}

    def generation(self, bucket: str, name: str) -> int:
        """An object's, 0 if there is none."""
        return int(self.objects.get(bucket, {}).get(name, {}).get("generation", 0))

    def create_resumable_upload(self, bucket_name, file_name, file_obj):
        upload = super().create_resumable_upload(bucket_name, file_name, file_obj)
        self._of_uploads[upload] = self.expected
        return upload

    def create_file(self, bucket_name, file_name, content, file_obj, file_id=None):
        expected = self._of_uploads.pop(file_id, None) if file_id else self.expected
        if expected is not None and expected != self.generation(bucket_name, file_name):
            raise PreconditionFailedError
        super().create_file(bucket_name, file_name, content, file_obj, file_id)

    def _write_config_to_file(self):
        """Keeps nothing: the emulator would write all its metadata anew for each object."""


class Emulator:
    """The service on a port of its own, as a context.

    Attributes:
      requests: method and address of each, in their order.
      page: objects a page of a listing.
    """

    def __init__(self) -> None:
        self.objects = Objects()
        buckets.create_bucket(BUCKET, self.objects)
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.page = PAGE
        self.lock = threading.Lock()
        logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Emulator":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def names(self, prefix: str = "") -> list[str]:
        """The objects in the bucket."""
        return sorted(name for name in list(self.objects.objects.get(BUCKET, {})) if name.startswith(prefix))

    @contextlib.contextmanager
    def failing(self, *faults: Fault) -> Iterator[None]:
        """Has faults while the context lasts."""
        self.faults = list(faults)
        try:
            yield
        finally:
            self.faults = []

    def _handler(self, *arguments: object) -> "_Handler":
        return _Handler(self, *arguments)


class _Handler(server.RequestHandler):
    def __init__(self, emulator: Emulator, *arguments: object) -> None:
        self._emulator = emulator
        super().__init__(emulator.objects, *arguments)

    def _answer(self) -> None:
        self._emulator.requests.append((self.command, self.path))
        fault = next((fault for fault in self._emulator.faults if fault.hits(self.command, self.path)), None)
        if fault is None:
            self._carry_out()
        elif fault.status:
            self._refuse(fault.status, fault.message)
        else:
            if fault.carried_out:
                self.wfile = io.BytesIO()
                self._carry_out()
            self.close_connection = True
            self.connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815 - the standard library's names

    def _carry_out(self) -> None:
        address = urllib.parse.urlparse(self.path)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(address.query).items()}
        parts = urllib.parse.unquote(address.path).partition("/b/")[2].split("/", 2)
        bucket, name = parts[0], parts[2] if len(parts) > 2 else ""
        with self._emulator.lock:
            if bucket and bucket not in self.storage.buckets:
                self._refuse(404, "The specified bucket does not exist.")
            elif self.command == "GET" and parts[1:] == ["o"]:
                self._list(bucket, query)
            elif "generation" in query and int(query["generation"]) != self.storage.generation(bucket, name):
                self._refuse(404, f"No such object: {bucket}/{name}")
            else:
                self._route(query)

    def _route(self, query: dict[str, str]) -> None:
        expected = query.get("ifGenerationMatch")
        self.storage.expected = None if expected is None else int(expected)
        try:
            server.Router(self).handle(self.command)
        except PreconditionFailedError:
            self._refuse(412, "At least one of the pre-conditions you specified did not hold.")

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        try:
            found, folders = self.storage.get_file_list(bucket, query.get("prefix"), query.get("delimiter"))
        except NotFound:
            return self._refuse(404, "The specified bucket does not exist.")
        begin = query.get("pageToken", query.get("startOffset", ""))
        items = [
            item for item in found if item["name"] >= begin and item["name"] < query.get("endOffset", "\U0010ffff")
        ]
        size = min(self._emulator.page, int(query.get("maxResults", PAGE)))
        page = {"kind": "storage#objects", "prefixes": folders, "items": items[:size]}
        if len(items) > size:
            page["nextPageToken"] = items[size]["name"]
        return self._send(200, page)

    def _refuse(self, status: int, message: str) -> None:
        self._send(status, {"error": {"code": status, "message": message, "errors": [{"message": message}]}})

    def _send(self, status: int, value: object) -> None:
        response = server.Response(self)
        response.status = http.HTTPStatus(status)
        response.json(value)
        response.close()
