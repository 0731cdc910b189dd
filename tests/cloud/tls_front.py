"""What stands at https://*.googleapis.com, for clients whose address is built in, as that of TensorFlow's gs:// is.

A proxy in a thread: it accepts CONNECT to any host, speaks TLS with a certificate of its own, and passes the requests
on to the emulator. Clients take it by `https_proxy`, and its certificate by `CURL_CA_BUNDLE`.
"""

import contextlib
import datetime
import http.client
import http.server
import pathlib
import ssl
import threading
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# Of one connection, which the other side must not be told.
_OWN = ("connection", "content-length", "date", "server", "transfer-encoding")


def make_certificate(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A certificate of Google's hosts, signed by itself, and its key: two PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nabi's tests")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = [x509.DNSName("*.googleapis.com"), x509.DNSName("googleapis.com")]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = folder / "google.pem", folder / "google.key"
    files[0].write_bytes(certificate.public_bytes(encoding))
    files[1].write_bytes(key.private_bytes(encoding, *plain))
    return files


class Front:
    """The proxy, as a context.

    Attributes:
      certificate: for CURL_CA_BUNDLE.
      address: for https_proxy.
      authorizations: that header of each request passed on.
    """

    def __init__(self, emulator: str, folder: pathlib.Path) -> None:
        self.emulator = emulator.removeprefix("http://")
        self.certificate, key = make_certificate(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.authorizations: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: _Proxy(self, *given))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Front":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, front: Front, *given: object) -> None:
        self.front = front
        super().__init__(*given)

    def log_message(self, *_: object) -> None:
        pass


class _Proxy(_Handler):
    def do_CONNECT(self) -> None:
        self.send_response(200, "Connection established")
        self.end_headers()
        self.close_connection = True
        # Clients hang up as they like, and a killed one without a word.
        with contextlib.suppress(OSError), self.front.context.wrap_socket(self.connection, server_side=True) as secure:
            _Inside(self.front, secure, self.client_address, self.server)


class _Inside(_Handler):
    """The requests within the tunnel."""

    def _pass_on(self) -> None:
        self.front.authorizations.append(self.headers.get("Authorization", ""))
        with contextlib.closing(http.client.HTTPConnection(self.front.emulator, timeout=60)) as emulator:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in (*_OWN, "expect")}
            body = b"".join(self._body())
            emulator.request(self.command, self.path, body or None, {**headers, "Content-Length": str(len(body))})
            answer = emulator.getresponse()
            self._send(answer, answer.read())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _pass_on  # noqa: N815 - the standard library's names

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: http.client.HTTPResponse, data: bytes) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN:
                # Where an upload goes on must be reached through here again.
                self.send_header(name, value.replace("http://", "https://", 1) if name == "Location" else value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)
