"""The songs page in a browser: what it lists, in which order, and what names do in it."""

import pytest


def form(*, recurrence, fifths, octaves, held, steps, kept):
    """The column `form` of a row."""
    return {
        "recurrence": recurrence, "parallel_fifths": fifths, "parallel_octaves": octaves, "held_chords": held,
        "top_voice_steps": steps, "key_kept": kept,
    }  # fmt: skip


# Of a song of 500 tokens the log-likelihood is lowest, and a token's the highest.
SONGS = [
    {"song": 0, "key": "D minor", "seconds": 6.0, "notes": 9, "tokens": 50, "log_likelihood": -60.0, "novelty": 0.93,
     "ended": False, "form": form(recurrence=44, fifths=1, octaves=2, held=0.8, steps=83, kept=100)},
    {"song": 1, "key": "C major", "seconds": 8.0, "notes": 7, "tokens": 500, "log_likelihood": -250.0, "novelty": 0.29,
     "ended": True, "form": form(recurrence=0, fifths=9, octaves=0, held=0.4, steps=73, kept=0)},
    {"song": 2, "key": "Bb major", "seconds": 12.0, "notes": 8, "tokens": 10, "log_likelihood": -9.0, "novelty": 1.0,
     "ended": False, "form": form(recurrence=50, fifths=0, octaves=4, held=0.5, steps=90, kept=50)},
    {"song": 3},
]  # fmt: skip
COPIED = {
    "copied_share": 0.071,
    "novelty": 0.929,
    "copied_notes": 12,
    "copied_bars": 2.52,
    "copied_from": "bach.zip!bwv 66.mid",
    "copied": "copies less than 3 of 4 validation songs, in all and in a row",
}
HOSTILE = [
    "<img src=x onerror=\"alert('img')\">",
    "</script><script>alert('script')</script><!--",
    "\"'`><svg onload=alert(1)>&lt;${alert(2)}",
    "\u202ednim-gnos\u202c \u05e9\u05d9\u05e8 \u0627\u063a\u0646\u064a\u0629",
    "\U0001f98b\U0001f1f0\U0001f1f7 \ub098\ube44\uc57c e\u0301",
    "javascript:alert(3)",
    "{{data}} __proto__",
]


def names(page):
    return page.locator(".song h3 bdi").all_text_contents()


def numbers(page):
    return [int(name.removeprefix("Song ")) for name in names(page)]


# Sort -> the songs from the highest figure to the lowest.
FALLING = {
    "number": [3, 2, 1, 0],
    "likelihood a token": [1, 2, 0, 3],
    "length": [2, 1, 0, 3],
    "notes": [0, 2, 1, 3],
    "novelty": [2, 0, 1, 3],
    "recurrence": [2, 0, 1, 3],
    "parallels": [1, 2, 0, 3],
    "held chords": [0, 2, 1, 3],
    "top voice by step": [2, 0, 1, 3],
    "key kept": [0, 2, 1, 3],
    "key": [0, 1, 2, 3],
}


def test_sorted_both_ways_songs_that_lack_the_figure_are_last(open_page):
    page = open_page(SONGS)
    assert numbers(page) == [0, 1, 2, 3]
    assert page.locator("#sort option").all_text_contents() == [*FALLING, "ending"]
    for sort, falling in FALLING.items():
        page.select_option("#sort", sort)
        # What is counted begins with the best, what is named with the first.
        rises = sort in ("number", "parallels", "key")
        assert page.inner_text("#order") == ("↑ ascending" if rises else "↓ descending")
        if rises:
            page.click("#order")
        assert numbers(page) == falling, sort
        page.click("#order")
        last = [] if sort == "number" else [3]
        assert numbers(page) == [song for song in reversed(falling) if song not in last] + last, sort


def test_words_find_songs_by_name_and_key_and_seed(open_page):
    page = open_page([*SONGS, {"song": 4, "name": "Minor air", "seed": 77}])
    for words, found in [("d min", [0]), ("minor", [0, 4]), ("BB", [2]), ("seed 77", [4]), ("song 3", [3]), ("x", [])]:
        page.fill("#filter", words)
        assert [name.removeprefix("Song ") for name in names(page)] == [
            "Minor air" if song == 4 else str(song) for song in found
        ], words
        assert page.inner_text("#count") == f"{len(found)} of 5"
    assert page.inner_text("#nothing") == "No song matches the filter."


def test_ranges_and_key_filter_what_is_shown(open_page):
    page = open_page(SONGS)
    assert not page.is_visible("#filters")
    page.click("#filters-toggle")
    for field, value, found in [
        ("Novelty, %: greatest", "93", [0, 1]),
        ("Novelty, %: least", "29", [0, 1, 2]),
        ("Novelty, %: least", "29.5", [0, 2]),
        ("Length, s: greatest", "8", [0, 1]),
        ("Likelihood, nats a token: least", "-0.9", [1, 2]),
    ]:
        page.get_by_label(field, exact=True).fill(value)
        assert numbers(page) == found, field
        assert page.inner_text("#filters-toggle") == "Filters (1)"
        page.click("#filters-clear")
        assert numbers(page) == [0, 1, 2, 3]
    page.get_by_label("Length, s: least", exact=True).fill("8")
    page.select_option("#key", "C major")
    assert numbers(page) == [1]
    assert page.inner_text("#filters-toggle") == "Filters (2)"


def test_songs_that_were_cut_off_say_so_and_are_found(open_page):
    page = open_page(SONGS)
    cut = [page.locator(".facts p").nth(number).get_by_text("cut off").count() for number in range(4)]
    assert cut == [1, 0, 1, 0]
    page.fill("#filter", "cut off")
    assert numbers(page) == [0, 2]
    page.fill("#filter", "")
    page.select_option("#sort", "ending")
    assert numbers(page) == [1, 0, 2, 3]
    page.click("#filters-toggle")
    page.select_option("#ending", "ended")
    assert numbers(page) == [1]
    assert page.inner_text("#filters-toggle") == "Filters (1)"


def test_of_a_thousand_songs_few_are_ever_in_the_page(open_page, tmp_path):
    """So that it opens as fast as with few: nothing else in it grows with the songs."""
    (tmp_path / "a.png").touch()
    rows = [SONGS[number % 3] | {"song": number, "audio": "a.mp3", "picture": "a.png"} for number in range(1000)]
    drawn = """
      window.drawn = 0;
      new MutationObserver((changes) => {
        const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.(".song"));
        window.drawn += added.length;
      }).observe(document, { childList: true, subtree: true });
    """
    page = open_page(rows, script=drawn)
    assert numbers(page) == list(range(48))
    assert page.evaluate("window.drawn") == 48
    assert page.locator("audio").count() == 1
    assert page.locator("img[src]:not([loading=lazy])").count() == 0
    few, many = (open_page(rows[:count]).evaluate("document.querySelectorAll('*').length") for count in (49, 1000))
    assert few == many
    assert page.inner_text("#count") == "1,000 songs"
    page.click("#page-on")
    page.fill("#filter", "song 7")
    assert page.locator(".song").count() == 48


def test_pages_are_turned_and_begin_at_the_top(open_page):
    page = open_page([{"song": number} for number in range(1000)])
    page.click("#page-on")
    assert numbers(page) == list(range(48, 96))
    assert page.evaluate("document.activeElement.id") == "card-48"
    assert page.locator("#card-48").bounding_box()["y"] == pytest.approx(80, abs=2)
    page.fill("#page-number", "21")
    page.press("#page-number", "Enter")
    assert numbers(page) == list(range(960, 1000))
    assert page.is_disabled("#page-on")
    page.click("#page-back")
    assert numbers(page)[0] == 912
    page.fill("#filter", "song 7")
    assert (numbers(page)[0], page.input_value("#page-number"), page.inner_text("#page-count")) == (7, "1", "3")


def test_hostile_names_are_text_and_nothing_else(open_page):
    rows = [
        {
            "song": number,
            "name": name,
            "key": name,
            "copied": name,
            "copied_from": name,
            "copied_notes": 3,
            "novelty": 0,
        }
        for number, name in enumerate(HOSTILE)
    ]
    page = open_page(rows, title=HOSTILE[0], model={HOSTILE[0]: HOSTILE[1]}, settings={HOSTILE[1]: HOSTILE[2]})
    assert names(page) == HOSTILE
    assert page.title() == page.inner_text("h1") == HOSTILE[0]
    assert page.locator("#model dd").all_text_contents() == [HOSTILE[1]]
    for number, name in enumerate(HOSTILE):
        page.locator(".more").nth(number).click()
        assert name in page.locator(".details").nth(number).inner_text()
    page.click("#filters-toggle")
    assert page.locator("#key option").count() == len(HOSTILE) + 1
    assert page.locator("img[src=x], svg[onload], script:not([type])").count() == 9


def test_files_of_any_name_are_addresses_beside_the_page(open_page):
    page = open_page([{"song": 0, "file": "javascript:alert(1)", "audio": "a b#?%.mp3"}])
    links = [link.get_attribute("href") for link in page.locator(".links a").all()]
    assert links == ["./javascript%3Aalert(1)", "./a%20b%23%3F%25.mp3"]


def test_what_is_copied_is_told_briefly_and_in_full(open_page):
    page = open_page(
        [{"song": 0, "pitch_range": [40, 79], **COPIED}, {"song": 1, "novelty": 1, "copied": "copies none"}]
    )
    novelty = page.get_by_text("novelty 92 %")
    assert novelty.get_attribute("title") == COPIED["copied"]
    page.click("text=Details >> nth=0")
    assert page.locator(".details").first.inner_text().split("\n") == [
        "Copied",
        "8 % of the notes; copies less than 3 of 4 validation songs, in all and in a row",
        "Longest run",
        "12 notes, up to 2.5 bars, from bach.zip!bwv 66.mid",
        "Pitches",
        "E2 to G5",
    ]
    page.get_by_label("Details of Song 1").click()
    assert page.locator(".details").nth(1).inner_text().split("\n") == ["Copied", "copies none"]
    assert page.get_by_label("Details of Song 1").get_attribute("aria-expanded") == "true"
    page.get_by_label("Details of Song 1").click()
    assert not page.locator(".details").nth(1).is_visible()


def test_of_a_song_that_was_followed_it_is_told_how_far_it_agrees(open_page):
    page = open_page([{"song": 0, "agreement": 0.92}, {"song": 1}])
    assert page.locator(".song p").all_text_contents() == ["92 % as in the song", ""]
    page.click("text=Details >> nth=0")
    told = page.locator(".details").first.inner_text().split("\n")
    assert told == ["One step", "92 % of the tokens are those of the song that was fed"]


def test_without_sound_figures_or_songs_nothing_fails(open_page):
    for rows in ([], [{"song": 0}, {"song": 1, "notes": 0, "seconds": 0, "tokens": 0, "log_likelihood": 0}]):
        page = open_page(rows)
        assert page.locator(".song").count() == len(rows)
        assert page.locator(".song .toggle").count() == 0
        for key in (" ", "ArrowDown", "ArrowRight"):
            page.keyboard.press(key)
        assert not page.is_visible("#player")


@pytest.mark.parametrize(("width", "height", "least"), [(1280, 800, 6), (390, 844, 2)])
def test_songs_are_seen_before_anything_is_scrolled(open_page, tmp_path, width, height, least):
    (tmp_path / "a.png").touch()
    rows = [{**SONGS[0], "song": number, "audio": "a.mp3", "picture": "a.png"} for number in range(12)]
    metrics = {"validation": {"loss_nats": 1.0}, "baselines": {"validation": {"uniform": 5.0}}}
    told = {"model": {"network": "LSTM"}, "settings": {"seed": 1}, "summary": "summary.html", "metrics": metrics}
    page = open_page(rows, **told, context={"viewport": {"width": width, "height": height}})
    bottoms = [card.bounding_box()["y"] + card.bounding_box()["height"] for card in page.locator(".song").all()]
    assert sum(bottom <= height for bottom in bottoms) >= least
    # They are there for who asks.
    assert not page.is_visible("#losses")
    page.click("#about summary")
    assert page.is_visible("#losses")


def test_where_a_song_cannot_be_played_it_is_said_why_and_what_to_do(open_page):
    page = open_page([{"song": 0}, {"song": 1, "audio": "a.mp3"}, {"song": 2, "notes": 0}])
    assert page.locator(".song .silent").all_text_contents() == ["no audio", "no notes"]
    assert page.inner_text("#silence") == (
        "No audio: 1 of these songs was made with --audio none. The same command without it, with --overwrite, makes "
        "them with sound."
    )
    assert page.get_by_label("MIDI of Song 0").is_visible()
    assert not open_page([{"song": 0, "audio": "a.mp3"}]).is_visible("#silence")
    assert (
        open_page([{"song": 0}]).inner_text("#silence").startswith("No audio: these songs were made with --audio none")
    )


def test_a_picture_tells_what_it_shows(open_page, tmp_path):
    for name in "ab":
        (tmp_path / name).touch()
    page = open_page(
        [
            {"song": 0, "notes": 32, "seconds": 75.2, "pitch_range": [60, 71], "picture": "a"},
            {"song": 1, "picture": "b"},
        ]
    )
    assert [picture.get_attribute("alt") for picture in page.locator("img").all()] == [
        "Piano roll of Song 0: 32 notes, C4 to B4, 1:15",
        "Piano roll of Song 1",
    ]


def test_the_comparison_is_linked_where_there_is_one(open_page):
    assert not open_page(SONGS).is_visible("#report")
    assert open_page(SONGS, summary="summary.html").get_attribute("#report a", "href") == "./summary.html"


def test_a_phone_never_scrolls_sideways(open_page):
    rows = [{"song": 0, "name": "n" * 300, "key": "k" * 90, "audio": "a.mp3", **COPIED, "copied_from": "s" * 300}]
    settings = {"setting_of_a_long_name_indeed" * 3: "v" * 300}
    phone = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}
    page = open_page(
        [*rows, *({**SONGS[1], "song": number} for number in range(1, 200))], settings=settings, context=phone
    )
    page.click("#about summary")
    page.click("#filters-toggle")
    page.click("text=Details >> nth=0")
    assert page.locator(".range").last.is_visible()
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
