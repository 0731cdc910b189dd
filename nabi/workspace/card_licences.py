"""Licences of songs in the cards of models and of datasets: as sentences, and as hubs name them."""

from collections.abc import Iterable, Mapping
from typing import Any

# Sources of this form are corpora that Nabi knows by name, such as `corpus:bach-chorales!bwv269.mid`.
_CORPUS = "corpus:"
# Corpus -> what is known of its licences.
_CORPORA = {
    "bach-chorales": (
        "chorales by Johann Sebastian Bach (1685-1750), whose music is in the public domain; encoded in music21's "
        "corpus, whose `corpus/license.txt` says that the encodings are distributed with the permission of the "
        "encoders, and that some may not be used commercially"
    )
}
# Identifiers of SPDX that hubs know in lower case (https://huggingface.co/docs/hub/repositories-licenses).
_KNOWN_TO_HUBS = frozenset(
    {
        "apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
        "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "pddl", "odbl", "unlicense",
    }
)  # fmt: skip


def corpus_of(source: str) -> str:
    """Returns the corpus of a source in the ledger; "" for a file.

    >>> corpus_of("corpus:bach-chorales!bwv269.mid"), corpus_of("/home/me/a.mid")
    ('bach-chorales', '')
    """
    return source.removeprefix(_CORPUS).partition("!")[0] if source.startswith(_CORPUS) else ""


def described(corpus: str, licence: str, not_stated: str) -> str:
    """Describes a licence for a cell of Markdown; a corpus that Nabi knows has one without a file that states it."""
    return in_a_cell(licence) or _CORPORA.get(corpus, not_stated)


def hub_fields(licences: Iterable[str], otherwise: Mapping[str, str]) -> dict[str, Any]:
    """Returns the fields `license` ... of a hub's card: the licences of all songs, if hubs know each.

    >>> hub_fields(["CC-BY-4.0"], {}), hub_fields(["CC0-1.0", "CC-BY-4.0"], {})
    ({'license': 'cc-by-4.0'}, {'license': ['cc-by-4.0', 'cc0-1.0']})
    >>> hub_fields(["CC0-1.0", ""], {"license": "other"})
    {'license': 'other'}

    Args:
      licences: those of the songs; "" is that of a song without one.
      otherwise: the fields if one is not known.
    """
    stated = sorted({licence.lower() for licence in licences})
    if stated and set(stated) <= _KNOWN_TO_HUBS:
        return {"license": stated[0] if len(stated) == 1 else stated}
    return dict(otherwise)


def in_a_cell(text: str) -> str:
    r"""Escapes text that somebody else wrote, so that it stays within a cell and is no markup.

    >>> print(in_a_cell("<b>|x|</b> [y](z)"))
    \<b\>\|x\|\</b\> \[y\](z)
    """
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#!&" else sign for sign in text)
