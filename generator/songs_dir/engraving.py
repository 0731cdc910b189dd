"""Engraves scores: as SVG by Verovio, which the songs page shows, and as PDF by MuseScore, for a music stand.

Verovio (LGPL-3.0) is a package that is imported, and MuseScore (GPL-3.0) a program that is started; neither is part of
Nabi.
"""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection

from generator.flag_values import PDF, SVG

# Names of MuseScore's program, of Debian's packages and of its own.
MUSESCORE = ("musescore", "mscore", "musescore4", "mscore4", "musescore3", "mscore3")
_MOST_SECONDS = 300
# Without a window; and with hash tables in the same order each time, which decides the order of a PDF's objects.
_ENVIRONMENT = {"QT_QPA_PLATFORM": "offscreen", "QT_HASH_SEED": "0"}
_DATE = re.compile(rb"/CreationDate \(D:\d{14}")
_NO_DATE = b"/CreationDate (D:19800101000000"

# One page as high as the music, for a screen of about 1,000 pixels; identifiers are drawn from a seed.
_OPTIONS = {
    "adjustPageHeight": True,
    "breaks": "auto",
    "footer": "none",
    "pageHeight": 60_000,
    "pageWidth": 2100,
    "scale": 40,
    "svgFormatRaw": True,
    "svgRemoveXlink": True,
    "svgViewBox": True,
    "xmlIdSeed": 1,
}


class EngravingError(RuntimeError):
    """Failure to engrave a score, in one sentence."""


def check_installed(formats: Collection[str]) -> None:
    """Raises EngravingError, with what to install, if one of `--output_format` cannot be made on this machine."""
    if SVG in formats and importlib.util.find_spec("verovio") is None:
        raise EngravingError(
            "--output_format svg needs verovio, which is not installed: install Nabi with its extra `score` "
            "(pip install 'nabi[score]'), or leave svg out"
        )
    if PDF in formats and not _musescore():
        raise EngravingError(
            "--output_format pdf needs MuseScore, and no program "
            f"{', '.join(MUSESCORE[:-1])} or {MUSESCORE[-1]} is on the PATH: install it (Debian: apt-get install "
            "musescore3), or leave pdf out"
        )


def svg(score: bytes) -> bytes:
    """Engraves a score in MusicXML as one picture, its systems below each other; equal scores give equal bytes.

    Raises:
      EngravingError: if Verovio cannot read it.
    """
    import verovio

    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(score.decode()):
        raise EngravingError(f"Verovio cannot read a score of {len(score)} bytes: leave svg out of --output_format")
    return toolkit.renderToSVG(1).encode()


def pdf(score: bytes) -> bytes:
    """Engraves a score in MusicXML as pages; equal scores give equal bytes with one version of MuseScore.

    Raises:
      EngravingError: if MuseScore fails.
    """
    with tempfile.TemporaryDirectory() as name:
        source, pages = pathlib.Path(name, "score.musicxml"), pathlib.Path(name, "score.pdf")
        source.write_bytes(score)
        command = [_musescore(), "-o", str(pages), str(source)]
        try:
            done = subprocess.run(
                command, env={**os.environ, **_ENVIRONMENT}, capture_output=True, check=False, timeout=_MOST_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngravingError(f"MuseScore failed ({error}): leave pdf out of --output_format") from error
        if done.returncode or not pages.exists():
            said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise EngravingError(f"{command[0]} made no PDF ({said}): leave pdf out of --output_format")
        return _DATE.sub(_NO_DATE, pages.read_bytes())


def _musescore() -> str:
    return next(filter(None, map(shutil.which, MUSESCORE)), "")
