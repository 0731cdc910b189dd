"""Turns errors of s3fs, adlfs and aiohttp into one sentence each that says what to do."""

import contextlib
from collections.abc import Iterator
from typing import Any

from nabi.workspace.storage.file_system import StorageError

_LIBRARIES = ("botocore", "aiobotocore", "azure", "aiohttp", "fsspec", "asyncio")
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVERS_OWN = 401, 403, 404, 429, 500
# Codes of S3 and of Azure.
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")
_CHANGED = ("PreconditionFailed", "ConditionNotMet")

_NO_CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached",
    "az": "set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or run `az login`, or run where an identity is "
    "attached (AZURE_STORAGE_ANON=true reads public containers)",
}
# Words of the classes' names of errors without an answer.
_LACKS_CREDENTIALS = ("Credential", "Authentication", "Profile", "Token", "SSO")
_LACKS_CONNECTION = ("Connect", "Timeout", "Disconnected", "ServiceRequest", "ServiceResponse", "Endpoint", "Payload")


@contextlib.contextmanager
def explained(verb: str, path: str) -> Iterator[None]:
    """Turns errors of fsspec's file systems into one sentence.

    Raises:
      FileNotFoundError: if there is no such object.
      StorageError: for all other errors.
    """
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        # The libraries' errors share no base but Exception; a ValueError is about a name or an address.
        if not isinstance(error, OSError | ValueError) and _library(error) not in _LIBRARIES:
            raise
        sentence = _sentence(verb, path, _origin(error))
        if not sentence:
            raise FileNotFoundError(path) from error
        raise StorageError(f"cannot {verb} {path}: {sentence}") from error


def _origin(error: BaseException) -> BaseException:
    """Returns the library's error if an error of Python's own, as s3fs and fsspec raise them, is caused by one."""
    cause = error.__cause__
    if cause and (_library(cause) in _LIBRARIES or isinstance(cause, TimeoutError | ConnectionError)):
        return cause
    return error


def _sentence(verb: str, path: str, error: BaseException) -> str:
    """Returns what happened and what to do; "" if there is no such object."""
    status, code = _answer(error)
    scheme, _, place = path.partition("://")
    server = {"s3": "S3", "az": "Azure Blob Storage"}.get(scheme) or place.partition("/")[0]
    bucket = place.partition("/")[2].partition("/")[0] if scheme == "az" else place.partition("/")[0]
    if code in _NO_BUCKET:
        kind = "container" if scheme == "az" else "bucket"
        return f"there is no {kind} {bucket}: correct its name, or make it"
    if code in _CHANGED or type(error).__name__ == "FileExpired":
        return "it was changed or deleted while it was read: start again"
    if status == _NOT_FOUND or (isinstance(error, FileNotFoundError) and not status):
        return ""
    if status in (_UNAUTHORIZED, _FORBIDDEN) or isinstance(error, PermissionError):
        return (
            f"{server} refuses it ({_line(error)}): correct the credentials, or let their owner {verb} what is "
            f"in {bucket}"
        )
    name = type(error).__name__
    if not status and scheme in _NO_CREDENTIALS and any(word in name for word in _LACKS_CREDENTIALS):
        return f"there are no credentials for {server} here ({_line(error)}): {_NO_CREDENTIALS[scheme]}"
    if (
        status == _TOO_MANY
        or status >= _SERVERS_OWN
        or (not status and any(word in name for word in _LACKS_CONNECTION))
    ):
        return f"{server} cannot be reached ({_line(error)}): look at the network, and start the same command again"
    return _line(error)


def _answer(error: BaseException) -> tuple[int, str]:
    """Returns the status and the error code of the answer that an error is about; 0 and "" if it is about none."""
    answer: Any = getattr(error, "response", None)
    if isinstance(answer, dict):
        about = answer.get("Error", {})
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return int(status), str(about.get("Code", ""))
    status = getattr(error, "status_code", None) or getattr(error, "status", None) or 0
    code = getattr(error, "error_code", None) or ""
    return int(status), str(getattr(code, "value", code))


def _library(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _line(error: BaseException) -> str:
    text = str(error).strip()
    line = text.partition("\n")[0]
    # botocore names what is wrong below such a line.
    return (" ".join(text.split()) if line.endswith(":") else line)[:200] or type(error).__name__
