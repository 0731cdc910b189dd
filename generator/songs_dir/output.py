"""Progress of a songs directory: its missing batches, and the files that are written when none is missing."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from generator.pages import gallery, summary_page
from generator.pages.gallery import SongSet
from generator.sampling.plan import SongBatch
from generator.songs.notable_settings import notable
from generator.songs_dir import model_card
from generator.songs_dir.summary import SongsSummary
from generator.songs_dir.writing import rows_path
from nabi.analysis.style_reference import StyleReference
from nabi.pages import headings, markup
from nabi.workspace import paths, storage, zips

# Most songs of a directory that has a zip of them: with scores they have some 100 MB, and are in memory at once.
MOST_ZIPPED = 1000
# Of a row: files of a song that a DAW or a notation program opens, or that are printed.
_ZIPPED = ("file", "score", "pdf")


def missing(folder: str, batches: Sequence[SongBatch]) -> list[SongBatch]:
    """Lists the batches whose rows are not published yet."""
    prefix = folder.rstrip("/") + "/"
    names = {info.path.removeprefix(prefix) for info in storage.match(folder)}
    return [batch for batch in batches if paths.rows_name(paths.SONGS, batch.index, len(batches)) not in names]


def finish(
    folder: str,
    batches: Sequence[SongBatch],
    *,
    model_dir: str,
    settings: dict[str, Any],
    marks: dict[str, str],
    reference: StyleReference | None = None,
) -> dict[str, Any]:
    """Publishes the summary of the songs, the model card, a zip and the page of all songs and, last, COMPLETED.

    Args:
      folder: songs directory with all songs.
      batches: all batches of the job.
      model_dir: model directory.
      settings: settings of the songs, with the seed, for the pages.
      marks: the fingerprints `request` and `content`.
      reference: style of the model's training songs; None if the model directory has none.

    Returns:
      The summary of the songs (`generator.songs_dir.summary`).
    """
    summary = _summarise(folder, SongsSummary.of(_rows(folder, batches)), settings, reference)
    songs = sum(len(batch.songs) for batch in batches)
    rows = list(itertools.islice(_rows(folder, batches), gallery.MOST_SONGS))
    card = model_card.publish(folder, model_dir)
    archive = _zip(folder, rows) if songs <= MOST_ZIPPED else ""
    song_set = SongSet(rows, **card, settings=notable(settings), summary=paths.SUMMARY_PAGE, archive=archive)
    storage.write_text(storage.join(folder, paths.INDEX), gallery.page([song_set], title=title_of(songs, folder)))
    paths.complete(folder, marks)
    return summary


def _zip(folder: str, rows: Sequence[dict[str, Any]]) -> str:
    """Writes a zip of the files of notes and of scores of songs and returns its name; equal songs give equal bytes."""
    names = [str(row[key]) for row in rows for key in _ZIPPED if key in row]
    with storage.open_write(storage.join(folder, paths.SONGS_ZIP)) as file:
        zips.write(file, {name: storage.read_bytes(storage.join(folder, name)) for name in names})
    return paths.SONGS_ZIP


def title_of(songs: int, folder: str) -> str:
    """Writes the heading of a songs directory's page."""
    most = f", the first {gallery.MOST_SONGS:,} of them" if songs > gallery.MOST_SONGS else ""
    return f"{headings.name_of(folder)}: {markup.count(songs, 'song')}{most}"


def _rows(folder: str, batches: Sequence[SongBatch]) -> Iterator[dict[str, Any]]:
    """Reads the songs' rows in the order of their numbers, one batch at a time."""
    for batch in batches:
        yield from paths.read_rows(rows_path(folder, batch.index, len(batches)))


def _summarise(
    folder: str, summary: SongsSummary, settings: dict[str, Any], reference: StyleReference | None
) -> dict[str, Any]:
    content = {**summary.as_dict(reference), "settings": settings}
    paths.write_json(storage.join(folder, paths.SUMMARY), content)
    page = summary_page.page({**content, "settings": notable(settings)}, reference, folder)
    storage.write_text(storage.join(folder, paths.SUMMARY_PAGE), page)
    return content
