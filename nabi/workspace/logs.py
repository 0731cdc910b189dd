"""Log lines of a job: text at a terminal, one JSON object a line where a cloud service reads them.

Cloud Logging takes `severity`, `message` and `timestamp` of such an object:
https://cloud.google.com/logging/docs/structured-logging
"""

import datetime
import json
import logging
import os
import sys

# Environment variable with `json` or `plain`; without it the surroundings decide.
FORMAT = "NABI_LOG_FORMAT"
# Environment variables that Vertex AI and Cloud Run set in containers.
_SERVICES = ("CLOUD_ML_PROJECT_ID", "AIP_MODEL_DIR", "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR", "K_SERVICE")
_WARNING = "warning: "


def as_json() -> bool:
    """Returns true if lines are written as JSON."""
    chosen = os.environ.get(FORMAT, "")
    if chosen in ("json", "plain"):
        return chosen == "json"
    return any(os.environ.get(name) for name in _SERVICES) and not sys.stdout.isatty()


def line(message: str, severity: str = "INFO", seconds: float | None = None) -> str:
    """Formats a message, without the line's end.

    Args:
      message: the message, which may have several lines.
      severity: Cloud Logging's name, INFO, WARNING, ERROR ...; left out of text.
      seconds: time since 1970; None is now.
    """
    if not as_json():
        return message
    zone = datetime.UTC
    moment = datetime.datetime.now(zone) if seconds is None else datetime.datetime.fromtimestamp(seconds, zone)
    row = {"severity": severity, "message": message, "timestamp": moment.isoformat()}
    return json.dumps(row, ensure_ascii=False)


def say(message: str) -> None:
    """Prints a message on standard output and flushes it; `warning: ...` has the severity WARNING."""
    severity = "WARNING" if message.startswith(_WARNING) else "INFO"
    print(line(message, severity), flush=True)


def complain(message: str) -> None:
    """Prints on standard error why a job ends."""
    print(line(message, "ERROR"), file=sys.stderr, flush=True)


def message_of(text: str) -> str:
    """Returns the message of a line that another process of ours wrote as text or JSON.

    >>> message_of('{"severity": "INFO", "message": "done"}'), message_of("done")
    ('done', 'done')
    """
    try:
        row = json.loads(text)
    except ValueError:
        return text
    return str(row["message"]) if isinstance(row, dict) and "message" in row else text


class Formatter(logging.Formatter):
    """Formats the records of `logging` as `line` does."""

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record; the traceback of an exception is part of the message."""
        return line(super().format(record), record.levelname, record.created)


def start() -> None:
    """Sends records of `logging`, from INFO on, to standard error in this form, unless logging was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
