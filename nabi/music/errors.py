"""Gives the reason why a file could not be read, one of a short closed list."""

REASONS = {
    "unreadable": "the storage did not give the file's bytes",
    "empty": "the file has no bytes",
    "too-large": "the file has more bytes than a song needs",
    "not-midi": "the file does not start as MIDI does",
    "unsupported": "a kind that has no quarter notes or no common timeline (SMPTE division, format 2, score-timewise)",
    "damaged": "the file ends early or its bytes contradict each other",
    "no-notes": "the file is sound and has no notes",
    "no-such-instrument": "the file has notes, none of them of the wanted instrument",
    "too-long": "the song is longer than the limit",
    "not-expanded": "a score whose repeats cannot be expanded",
    "timeout": "reading took longer than --parse_timeout",
    "out-of-memory": "reading needed more memory than --parse_memory",
    "crash": "reading ended the process that it ran in, or raised what no reader should",
}


class ParseError(Exception):
    """A file from which no song can be read.

    Attributes:
      reason: a key of `REASONS`.
      detail: what was wrong, in a sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        if reason not in REASONS:
            raise ValueError(f"reason {reason!r} must be one of {', '.join(REASONS)}")
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
