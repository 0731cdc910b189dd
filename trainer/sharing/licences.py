"""Licences of a model's training music: as sentences of its card, and as fields of a hub's."""

from collections.abc import Mapping
from typing import Any

from nabi.workspace import card_licences

_NOT_STATED = "no licence is stated beside the files: ask whoever trained the model"
UNKNOWN = "The licences of the training music are not known: its dataset was not there when this card was written."
FILE = "LICENSE.md"
_OTHER = {"license": "other", "license_name": "licences-of-the-training-music", "license_link": FILE}


def table(data: Mapping[str, Any] | None) -> list[str]:
    """Formats the licences of a dataset's songs as lines of Markdown.

    Args:
      data: facts of `data_facts.find`.
    """
    if data is None:
        return [UNKNOWN]
    rows = [
        f"| {row['songs']:,} | {card_licences.described(row['corpus'], row['licence'], _NOT_STATED)} |"
        for row in data["licences"]
    ]
    return ["| songs | licence |", "|---|---|", *rows]


def hub_fields(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the fields `license` ... of a hub's card: the licences of all songs, if hubs know each.

    Args:
      data: facts of `data_facts.find`.
    """
    return card_licences.hub_fields((row["licence"] for row in data["licences"]) if data else (), _OTHER)
