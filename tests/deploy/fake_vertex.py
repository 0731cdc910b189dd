"""A small Vertex AI on localhost: keeps what it is sent, and answers as it is told to."""

import contextlib
import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PLACE = "projects/my-music/locations/europe-west4"


@dataclasses.dataclass
class FakeVertex:
    """What was asked (`path`, `body`), and what is answered: an error if `status` is not 200."""

    endpoint: str = ""
    asked: list[tuple[str, dict]] = dataclasses.field(default_factory=list)
    status: int = 200
    message: str = ""

    def answer(self, path: str, body: dict) -> dict:
        self.asked.append((path, body))
        if self.status != 200:
            return {"error": {"code": self.status, "message": self.message, "status": "REFUSED"}}
        if path.endswith("models:upload"):
            kind = "type.googleapis.com/google.cloud.aiplatform.v1.UploadModelResponse"
            response = {"@type": kind, "model": f"{PLACE}/models/42", "modelVersionId": "1"}
            return {"name": f"{PLACE}/models/42/operations/1", "done": True, "response": response}
        return {**body, "name": f"{PLACE}/{path.rpartition('/')[2]}/42"}


@contextlib.contextmanager
def serve() -> Iterator[FakeVertex]:
    """Runs one until the context ends."""
    fake = FakeVertex()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(fake.answer(self.path.partition("?")[0], body)).encode()
            self.send_response(fake.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Says nothing."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        fake.endpoint = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield fake
        server.shutdown()
