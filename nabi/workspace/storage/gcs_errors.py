"""Turns errors of Google Cloud Storage into one sentence each that says what to do."""

import contextlib
import re
from collections.abc import Iterator

from nabi.workspace.storage.file_system import StorageError

# Verb -> the permission that it needs first, for errors of the service that name none.
_PERMISSIONS = {
    "read": "storage.objects.get",
    "write": "storage.objects.create",
    "list": "storage.objects.list",
    "delete": "storage.objects.delete",
}
_PERMISSION = re.compile(r"storage\.[a-z]+\.[a-zA-Z]+")

# Status codes of the service's answers.
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVERS_OWN = 401, 403, 404, 429, 500

_NO_CREDENTIALS = (
    "there are no Google credentials here: run `gcloud auth application-default login`, or set "
    "GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or run where a service account is attached"
)


@contextlib.contextmanager
def explained(verb: str, path: str) -> Iterator[None]:
    """Turns errors of google-cloud-storage into one sentence.

    Raises:
      FileNotFoundError: if there is no such object.
      StorageError: for all other errors.
    """
    try:
        yield
    except OSError as error:
        # Errors of the connection are OSErrors too, with several lines of text.
        if not type(error).__module__.startswith("requests."):
            raise
        raise StorageError(f"cannot {verb} {path}: {_no_connection(error)}") from error
    except Exception as error:
        # google-cloud-storage raises classes of several libraries; they share no base but Exception. A ValueError
        # is about the bucket's name.
        if not type(error).__module__.startswith("google.") and not isinstance(error, ValueError):
            raise
        if _status(error) == _NOT_FOUND and not _lacks_bucket(verb, error):
            raise FileNotFoundError(path) from error
        raise StorageError(f"cannot {verb} {path}: {_sentence(verb, path, error)}") from error


def _sentence(verb: str, path: str, error: Exception) -> str:
    status, bucket = _status(error), path.removeprefix("gs://").partition("/")[0]
    if type(error).__name__ == "DefaultCredentialsError":
        return _NO_CREDENTIALS
    if type(error).__module__.startswith("google.auth.") or status == _UNAUTHORIZED:
        return f"Google does not accept the credentials ({_first_line(error)}): renew them, or give others"
    if status == _FORBIDDEN:
        match = _PERMISSION.search(str(error))
        permission = match[0] if match else _PERMISSIONS[verb]
        return (
            f"the permission {permission} is missing: give the account that runs this a role with it on the bucket "
            f"{bucket}, such as roles/storage.objectUser, or use other credentials"
        )
    if status == _NOT_FOUND:
        return f"there is no bucket {bucket}: correct its name, or make it with `gcloud storage buckets create`"
    if isinstance(error, ValueError):
        return f"{bucket!r} is no name of a bucket ({_first_line(error)})"
    if type(error).__name__ == "RetryError":
        return _no_connection(error.__cause__ or error)
    if status == _TOO_MANY or status >= _SERVERS_OWN:
        return _no_connection(error)
    return _first_line(error)


def _no_connection(error: BaseException) -> str:
    return (
        f"Google Cloud Storage cannot be reached ({_first_line(error)}), tried for minutes: look at the network, and "
        "start the same command again"
    )


def _lacks_bucket(verb: str, error: Exception) -> bool:
    """Returns true if "not found" means the bucket."""
    return verb in ("list", "write") or "bucket does not exist" in str(error)


def _status(error: Exception) -> int:
    """Returns the status code of the answer that an error is about; 0 if it is about none."""
    answer = getattr(error, "response", None)
    return int(getattr(error, "code", None) or getattr(answer, "status_code", None) or 0)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
