import re

import pytest

from generator.pages.summary_page import page
from generator.songs_dir.summary import SongsSummary
from tests import builders
from tests.generator.songs_dir.test_summary import CHORD, LOW, reference, row
from tests.nabi.pages.elements import Elements

NOVEL = {"novelty": 0.5, "copied_notes": 14, "copied_bars": 2.5}


def shown(rows, compared=True, **settings) -> str:
    found = reference() if compared else None
    return page(
        {**SongsSummary.of(rows).as_dict(found), "settings": {"seed": 7, **settings}}, found, "/data/tunes/songs"
    )


def test_the_page_is_whole_and_needs_no_network():
    html = shown([row(CHORD, **NOVEL), row(LOW)])
    elements = Elements(html)
    assert elements.open == []
    assert "{{" not in html
    links = [given[name] for _, given in elements.found for name in ("src", "href") if name in given]
    assert all(link.startswith(("#", "data:")) or link == "index.html" for link in links)
    anchors = {link[1:] for link in links if link.startswith("#")}
    assert anchors <= {given.get("id") for _, given in elements.found}
    assert "script" not in {tag for tag, _ in elements.found}


def test_what_it_says():
    said = Elements(shown([row(CHORD, **NOVEL), row(LOW)])).text
    for sentence in (
        "tunes: what 2 songs are like",
        "7 notes",
        "D2 to G4",
        "2 training songs and 1 validation song",
        "Durationsnotes by their length in quarter notes100.0 %85.7 %",
        "C major150.0 %50.0 %",
        # Of these songs, the training and the validation songs, and the training songs' standard deviation.
        "Ends on a triad% of songs, with or without its fifth or its third50.0050.00100.0050.00",
        "most notes copied in a row14",
        "seed7",
    ):
        assert sentence in said


def test_charts_have_bars_and_outlines_of_each_set():
    html = shown([row(CHORD)])
    charts = re.findall(r'<svg class="bars compared".*?</svg>', html)
    assert len(charts) == 7
    assert all(chart.count('<path class="second"') == chart.count('<path class="faint"') == 1 for chart in charts)
    assert "1: these songs 33.3 %, training 42.9 %, validation 33.3 %" in html


def test_an_older_model_leaves_training_songs_out():
    html = shown([row(CHORD)], compared=False)
    assert "has no reference.json" in html
    assert '<path class="second"' not in html
    assert Elements(html).open == []


@pytest.mark.parametrize("compared", [True, False])
def test_a_song_without_notes(compared):
    html = shown([row(builders.song(), tokens=[], ended=False, log_likelihood=0.0)], compared)
    assert "tunes: what 1 song is like" in html
    assert "1 song without a note" in html
    assert "nan" not in Elements(html).text.lower()
    assert Elements(html).open == []


def test_texts_of_a_user_stay_texts():
    html = shown([row(CHORD)], primer="</dl><script>alert(1)</script>{{title}}")
    assert "script" not in {tag for tag, _ in Elements(html).found}
    assert "</script>{{title}}" in Elements(html).text
