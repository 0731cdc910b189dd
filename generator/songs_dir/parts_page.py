"""Writes what the songs page mutes and solos the parts of a band by: its picture in layers, and audio of each part.

A page of a song's own, which the songs page opens when a part is muted or soloed: it hands over its content by a
message, since no script can read a file beside a page that was opened without a server.
"""

import base64
import json

from generator.songs_dir import render
from generator.songs_dir.stems import Stems
from nabi.music.song import Song

_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{name}</title>
<p>Pictures and audio of the parts of {name}, which index.html shows and plays.</p>
<script>parent.postMessage({content}, "*");</script>
"""


def has_page(song: Song) -> bool:
    """Tells whether a song has several parts."""
    return song.band is not None and len(song.band.instruments) > 1


def page(name: str, song: Song, stems: Stems | None) -> bytes:
    """Writes the page of a song of several parts; equal songs give equal bytes.

    Args:
      name: stem of the song's files, such as `song-00007`.
      song: the song.
      stems: audio of its parts; None for none.
    """
    content: dict[str, object] = {"layers": [_text(layer) for layer in render.part_layers(song)]}
    if stems:
        content |= {"audio": _text(stems.audio), "stretches": stems.stretches}
    return _PAGE.format(name=name, content=json.dumps(content, separators=(",", ":"))).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
