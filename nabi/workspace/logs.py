"""A job's own lines: text at a terminal, one JSON object a line where a cloud service reads them.

Cloud Logging takes `severity`, `message` and `timestamp` of such an object:
https://cloud.google.com/logging/docs/structured-logging
"""

import datetime
import json
import logging
import os
import sys

# `json` or `plain`; else the place decides.
FORMAT = "NABI_LOG_FORMAT"
# What the services set where they run a container: Vertex AI, and Cloud Run.
_SERVICES = ("CLOUD_ML_PROJECT_ID", "AIP_MODEL_DIR", "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR", "K_SERVICE")
_WARNING = "warning: "


def as_json() -> bool:
    """Whether lines are JSON here."""
    chosen = os.environ.get(FORMAT, "")
    if chosen in ("json", "plain"):
        return chosen == "json"
    return any(os.environ.get(name) for name in _SERVICES) and not sys.stdout.isatty()


def line(message: str, severity: str = "INFO", seconds: float | None = None) -> str:
    """A message as it is written, without the line's end.

    Args:
      message: may have several lines.
      severity: as Cloud Logging names it, INFO, WARNING, ERROR ...; a text line says it in its words.
      seconds: since 1970; None is now.
    """
    if not as_json():
        return message
    zone = datetime.UTC
    moment = datetime.datetime.now(zone) if seconds is None else datetime.datetime.fromtimestamp(seconds, zone)
    row = {"severity": severity, "message": message, "timestamp": moment.isoformat()}
    return json.dumps(row, ensure_ascii=False)


def say(message: str) -> None:
    """Tells of progress on standard output, at once, also where it is a pipe; `warning: ...` is a warning."""
    severity = "WARNING" if message.startswith(_WARNING) else "INFO"
    print(line(message, severity), flush=True)


def complain(message: str) -> None:
    """Tells on standard error why a job ends."""
    print(line(message, "ERROR"), file=sys.stderr, flush=True)


def message_of(text: str) -> str:
    """The message of a line that another process of ours wrote, whichever form it has."""
    try:
        row = json.loads(text)
    except ValueError:
        return text
    return str(row["message"]) if isinstance(row, dict) and "message" in row else text


class Formatter(logging.Formatter):
    """The same for what goes through `logging`."""

    def format(self, record: logging.LogRecord) -> str:
        """A record's line; the traceback of an exception is part of the message."""
        return line(super().format(record), record.levelname, record.created)


def start() -> None:
    """Sends what goes through `logging`, from INFO on, to standard error in this form, unless that was set before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
