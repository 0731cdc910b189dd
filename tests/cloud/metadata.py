"""The metadata server that every Google machine has at 169.254.169.254, in a thread: who am I, and a token.

Clients that look for credentials find it by GCE_METADATA_HOST, and need not wait for a network that does not answer.
"""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator

TOKEN = "a-token-of-the-metadata-server"
PROJECT = "test-project"
ACCOUNT = "nabi@test-project.iam.gserviceaccount.com"

# What the end of an address asks for.
_ANSWERS = {
    "/token": json.dumps({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}),
    "/project/project-id": PROJECT,
    "/service-accounts/default/": json.dumps({"email": ACCOUNT, "scopes": [], "aliases": ["default"]}),
    "universe-domain": "googleapis.com",
    "universe_domain": "googleapis.com",
}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        answer = next((text for end, text in _ANSWERS.items() if path.endswith(end)), "").encode()
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json" if answer.startswith(b"{") else "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Serves while the context lasts; gives `host:port`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
