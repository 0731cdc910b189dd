"""Licences as model and dataset hubs name them in the cards of what they hold."""

from collections.abc import Iterable
from typing import Any

# Identifiers of SPDX that hubs know in lower case (https://huggingface.co/docs/hub/repositories-licenses).
_KNOWN = frozenset(
    {
        "apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
        "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "pddl", "odbl", "unlicense",
    }
)  # fmt: skip


def card_fields(licences: Iterable[str]) -> dict[str, Any]:
    """Returns the fields `license` ... of a card: all licences, if hubs know each.

    >>> card_fields(["CC-BY-4.0", "CC0-1.0"]), card_fields([""])
    ({'license': ['cc-by-4.0', 'cc0-1.0']}, {'license': 'unknown'})
    >>> card_fields(["CC0-1.0", ""])
    {'license': 'other', 'license_name': 'licences-of-the-songs'}

    Args:
      licences: those of the songs; "" is that of a song without one.
    """
    stated = sorted({licence.lower() for licence in licences})
    if not any(stated):
        return {"license": "unknown"}
    if set(stated) <= _KNOWN:
        return {"license": stated[0] if len(stated) == 1 else stated}
    return {"license": "other", "license_name": "licences-of-the-songs"}
