"""Checks of a request before it is sent: each returns its value, or raises ValueError with one sentence."""

import re
from collections.abc import Mapping, Sequence

# A service account may belong to another project; agents of the service have other endings.
_ACCOUNT = re.compile(r"[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com")
_BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/.*)?")
_CRON = re.compile(r"((CRON_)?TZ=[A-Za-z_+/-]+[A-Za-z0-9_+/-]* )?\S+( \S+){4}")
_IMAGE = re.compile(r"[^\s@]+/[^\s@:]+(:(?P<tag>[\w][\w.-]{0,127}))?(?P<digest>@sha256:[0-9a-f]{64})?")
_LABEL_KEY, _LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")
_NETWORK = re.compile(r"projects/[0-9]+/global/networks/[a-z][a-z0-9-]*")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]+")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
MAX_HOURS = 168.0
MAX_MACHINES = 64


def project(text: str) -> str:
    """Checks a project's id or number."""
    return _matching(_PROJECT, "--project", text, "a project's id, such as my-music-1234")


def region(text: str) -> str:
    """Checks a region."""
    return _matching(_REGION, "--region", text, "a region, such as europe-west4")


def bucket(flag: str, text: str) -> str:
    """Checks a folder in a bucket, and strips slashes at its end."""
    return _matching(_BUCKET, flag, text, "a folder in a bucket, such as gs://bucket/nabi").rstrip("/")


def image(text: str) -> str:
    """Checks that an image is pinned, by a digest or by a tag other than `latest`."""
    match = _IMAGE.fullmatch(text)
    if not match or not (match["digest"] or match["tag"] not in (None, "latest")):
        raise ValueError(
            f"--image {text!r} must be pinned, such as europe-west4-docker.pkg.dev/project/nabi/train:1a2b3c4 or "
            "...@sha256:..., so that a restarted job runs the same code"
        )
    return text


def service_account(text: str) -> str:
    """Checks a service account's address."""
    return _matching(_ACCOUNT, "--service_account", text, "an address, such as train@project.iam.gserviceaccount.com")


def network(text: str) -> str:
    """Checks a VPC network's full name, with the project's number."""
    return _matching(_NETWORK, "--network", text, "a full name, such as projects/12345/global/networks/music")


def cron(text: str) -> str:
    """Checks a schedule in five fields, with or without a time zone before them."""
    return _matching(_CRON, "--cron", text, "five fields, such as '0 3 * * 1' or 'TZ=Europe/Berlin 0 3 * * 1'")


def hours(value: float) -> float:
    """Checks a job's time limit in hours, above 0 and at most 168."""
    if not 0 < value <= MAX_HOURS:
        raise ValueError(f"--max_hours {value:g} must be above 0 and at most {MAX_HOURS:g}, a week")
    return value


def machines(value: int) -> int:
    """Checks the number of machines that share each batch, 1..64."""
    if not 1 <= value <= MAX_MACHINES:
        raise ValueError(f"--machines {value} must be in 1..{MAX_MACHINES}")
    return value


def labels(text: str) -> dict[str, str]:
    """Parses labels.

    >>> labels("team=music,purpose=nightly")
    {'team': 'music', 'purpose': 'nightly'}
    """
    pairs = [part.partition("=") for part in text.split(",") if part]
    for key, equals, value in pairs:
        if not equals or not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise ValueError(
                f"--labels {key}{equals}{value} must be key=value of at most 63 small letters, digits, - and _, the "
                "key beginning with a letter: --labels team=music,purpose=nightly"
            )
    return {key: value for key, _, value in pairs}


def job_flags(flags: Sequence[str], needed: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Checks the job's own flags, which follow `--`.

    Args:
      flags: flags after the `--`.
      needed: required flags.
      paths: flags whose values are paths, which must be accessible from machines of the service.

    Raises:
      ValueError: if a required flag is missing, or a path is on this machine.
    """
    values = _values(flags)
    for flag in needed:
        if flag not in values:
            raise ValueError(f"the job needs {flag}: give the job's own flags after --, such as -- {flag} gs://...")
    for flag in paths:
        for value in values.get(flag, []):
            # The service mounts buckets at /gcs/BUCKET.
            if "://" not in value and not value.startswith("/gcs/"):
                raise ValueError(f"{flag} {value} lies on this machine, and the job runs on another: copy it to gs://")
    return list(flags)


def _values(flags: Sequence[str]) -> Mapping[str, list[str]]:
    """Collects the values of each flag, written `--flag value` or `--flag=value`."""
    values: dict[str, list[str]] = {}
    name = ""
    for flag in flags:
        if flag.startswith("--"):
            name, equals, value = flag.partition("=")
            values.setdefault(name, []).extend([value] if equals else [])
        elif name:
            values[name].append(flag)
    return values


def _matching(pattern: re.Pattern[str], flag: str, text: str, legal: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{flag} {text!r} must be {legal}")
    return text
