"""An exported dataset's README.md: YAML that Hugging Face's hub and `datasets` read, then what it is, for people."""

import collections
import json
from collections.abc import Mapping
from typing import Any

import yaml

from nabi.workspace import card_licences
from pipelines.exporting import rows
from pipelines.exporting.dataset_reader import DatasetReader
from pipelines.exporting.formats import Maker

# Tables that `datasets` loads as configurations, by their folders -> columns with what they hold.
TABLES = {"songs": rows.SONG, "windows": rows.WINDOW}
# Licences listed; all beyond are counted together.
_MOST_LICENCES = 20
_NOT_STATED = "none is stated beside the files"


def text(dataset: DatasetReader, maker: Maker, sizes: Mapping[tuple[str, str], int]) -> str:
    """Writes the card of a dataset in a format.

    Args:
      dataset: the dataset, whose counts are those of the rows.
      maker: of the format.
      sizes: (table, split) -> bytes of the rows, uncompressed.
    """
    encoding = dataset.settings["encoding"]
    title = f"Music as {encoding['name']} tokens"
    sections = {
        "Use": maker.usage_of(dataset),
        "Songs": _counts(dataset),
        **{f"Table `{table}`": _columns(TABLES[table]) for table in maker.tables},
        "Licences": _licences(dataset),
        "Tokens": _tokens(dataset),
    }
    parts = [f"## {heading}\n\n{content}" for heading, content in sections.items()]
    front = yaml.safe_dump(_front_matter(dataset, title, maker, sizes), sort_keys=False, allow_unicode=True)
    return "\n\n".join([f"---\n{front}---", f"# {title}", *parts]) + "\n"


def _front_matter(
    dataset: DatasetReader, title: str, maker: Maker, sizes: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    """Returns the fields of a dataset card (https://huggingface.co/docs/hub/datasets-cards)."""
    tables = maker.tables
    rows_of = tables[-1] if tables else "windows"
    fields: dict[str, Any] = {
        "pretty_name": title,
        **_license(dataset),
        "tags": ["music", "midi", "symbolic-music", "nabi"],
        "size_categories": [_size(sum(counts[rows_of] for counts in dataset.counts.values()))],
    }
    if tables:
        fields["configs"] = [_config(dataset, table, maker.ending, default=table == tables[0]) for table in tables]
        fields["dataset_info"] = [_info(dataset, table, sizes) for table in tables]
    return fields


def _config(dataset: DatasetReader, table: str, ending: str, *, default: bool) -> dict[str, Any]:
    files = [{"split": split, "path": f"{table}/{split}-*{ending}"} for split in dataset.counts]
    return {"config_name": table, "data_files": files, **({"default": True} if default else {})}


def _info(dataset: DatasetReader, table: str, sizes: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """Returns the features and the rows of each split, which `datasets` compares with what it loads."""
    splits = [
        {"name": split, "num_bytes": sizes.get((table, split), 0), "num_examples": counts[table]}
        for split, counts in dataset.counts.items()
    ]
    total = sum(split["num_bytes"] for split in splits)
    features = [_feature(name) for name in TABLES[table]]
    return {"config_name": table, "features": features, "splits": splits, "dataset_size": total}


def _feature(column: str) -> dict[str, str]:
    if column in rows.LISTS:
        return {"name": column, "list": rows.LISTS[column]}
    return {"name": column, "dtype": rows.NUMBERS.get(column, "string")}


def _size(count: int) -> str:
    """Returns the hub's class of a number of rows.

    >>> _size(7), _size(1000), _size(10**12)
    ('n<1K', '1K<n<10K', 'n>1T')
    """
    exponent = len(str(count)) - 1
    if exponent < 3:
        return "n<1K"
    if exponent >= 12:
        return "n>1T"
    return f"{_power(exponent)}<n<{_power(exponent + 1)}"


def _power(exponent: int) -> str:
    """Writes a power of ten with its letter, such as 10K."""
    return f"{10 ** (exponent % 3)}{' KMBT'[exponent // 3]}"


def _counts(dataset: DatasetReader) -> str:
    lines = [
        f"| {split} | {counts['songs']:,} | {counts['tokens']:,} | {counts['windows']:,} |"
        for split, counts in dataset.counts.items()
    ]
    head = ["| split | songs | tokens | windows |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, "", "Near-duplicates that were found are in one split; augmented windows count."])


def _columns(columns: Mapping[str, str]) -> str:
    return "\n".join(["| column | is |", "|---|---|", *(f"| `{name}` | {is_} |" for name, is_ in columns.items())])


def _license(dataset: DatasetReader) -> dict[str, Any]:
    """Returns the fields on the licence, in a hub's spelling."""
    origins = dataset.origins.values()
    is_told = any(origin.licence or card_licences.corpus_of(origin.source) for origin in origins)
    otherwise = {"license": "other", "license_name": "licences-of-the-songs"} if is_told else {"license": "unknown"}
    return card_licences.hub_fields((origin.licence for origin in origins), otherwise)


def _licences(dataset: DatasetReader) -> str:
    origins = dataset.origins.values()
    songs = collections.Counter((card_licences.corpus_of(origin.source), origin.licence) for origin in origins)
    listed = songs.most_common(_MOST_LICENCES)
    lines = [f"| {card_licences.described(*licence, _NOT_STATED)} | {count:,} |" for licence, count in listed]
    if others := songs.total() - sum(count for _, count in listed):
        lines.append(f"| others | {others:,} |")
    note = "The rights to the music stay with those who have them: look before you pass it on."
    return "\n".join(["| licence | files read |", "|---|---|", *lines, "", note])


def _tokens(dataset: DatasetReader) -> str:
    return (
        f"Encoding `{json.dumps(dataset.settings['encoding'])}` of Nabi, in windows of {dataset.window} + 1 ids, one "
        f"every {dataset.settings['stride']}. The ids 0 to 3 are `<pad>`, `<unk>`, `<start>` and `<end>`; "
        "vocabulary.json has each token with its count in the training songs, in the order of the ids. Fingerprint of "
        f"the dataset: `{dataset.content}`."
    )
