"""Licences of a model's training music: as sentences of its card, and as fields of a hub's."""

from collections.abc import Mapping
from typing import Any

# Corpora that Nabi knows by name -> what is known of their licences.
_CORPORA = {
    "bach-chorales": (
        "chorales by Johann Sebastian Bach (1685-1750), whose music is in the public domain; encoded in music21's "
        "corpus, whose `corpus/license.txt` says that the encodings are distributed with the permission of the "
        "encoders, and that some may not be used commercially"
    )
}
_NOT_STATED = "no licence is stated beside the files: ask whoever trained the model"
UNKNOWN = "The licences of the training music are not known: its dataset was not there when this card was written."
# Identifiers of SPDX that hubs know in lower case (https://huggingface.co/docs/hub/repositories-licenses).
_KNOWN_TO_HUBS = frozenset(
    {
        "apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
        "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "pddl", "odbl", "unlicense",
    }
)  # fmt: skip
FILE = "LICENSE.md"


def table(data: Mapping[str, Any] | None) -> list[str]:
    """Formats the licences of a dataset's songs as lines of Markdown.

    Args:
      data: facts of `data_facts.find`.
    """
    if data is None:
        return [UNKNOWN]
    rows = [f"| {row['songs']:,} | {described(row['corpus'], row['licence'])} |" for row in data["licences"]]
    return ["| songs | licence |", "|---|---|", *rows]


def described(corpus: str, licence: str) -> str:
    """Describes a licence; a corpus that Nabi knows has one without a file that states it."""
    return _in_a_cell(licence) or _CORPORA.get(corpus, _NOT_STATED)


def hub_fields(data: Mapping[str, Any] | None) -> dict[str, str]:
    """Returns the fields `license` ... of a hub's card: that of all songs, if it is one and hubs know it.

    >>> hub_fields({"licences": [{"corpus": "", "licence": "CC-BY-4.0", "songs": 7}]})
    {'license': 'cc-by-4.0'}
    """
    stated = {row["licence"].lower() for row in data["licences"]} if data else set()
    if len(stated) == 1 and stated <= _KNOWN_TO_HUBS:
        return {"license": stated.pop()}
    return {"license": "other", "license_name": "licences-of-the-training-music", "license_link": FILE}


def _in_a_cell(text: str) -> str:
    """Escapes text that somebody else wrote, so that it stays within a cell and is no markup."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#!&" else letter for letter in text)
