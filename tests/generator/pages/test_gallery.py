import json
import math
import re

from generator.pages import gallery
from generator.pages.gallery import SongSet

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & {{data}}"


def row(song, **more):
    return {"song": song, "file": f"song-{song:05d}.mid", "seed": 0, "tokens": ["C4", "R"], "seconds": 2.0} | more


def page(rows, *, title="Songs", model=None, metrics=None, settings=None, **more):
    return gallery.page([SongSet(rows, model or {}, metrics or {}, settings or {}, **more)], title=title)


def data_of(text):
    """What the page's script is given, read as a browser would: up to the first end of the element."""
    start = text.index(">", text.index('<script type="application/json"')) + 1
    return json.loads(text[start : text.index("</script", start)])


def test_every_song_is_on_the_page():
    songs = data_of(page([row(number) for number in range(1000)]))["songs"]
    assert [song["song"] for song in songs] == list(range(1000))
    assert songs[7] == {
        "song": 7,
        "name": "Song 7",
        "file": "song-00007.mid",
        "seed": 0,
        "seconds": 2.0,
        "tokens": 2,
    }


def test_what_a_row_tells_is_shown_and_what_it_lacks_is_left_out():
    told = {"name": "Air", "picture": "p.png", "audio": "a.mp3", "key": "D minor", "notes": 12, "log_likelihood": -3.5}
    full = data_of(page([row(1, **told, roll=(0.05, 0.991), settings={"top_k": 3})]))["songs"][0]
    assert {key: full[key] for key in told} == told
    assert full["roll"] == [0.05, 0.991]
    assert "settings" not in full
    assert data_of(page([{"song": 2}]))["songs"] == [{"song": 2, "name": "Song 2", "file": "song-00002.mid"}]
    assert "audio" not in data_of(page([row(3, audio=None)]))["songs"][0]
    assert data_of(page([{"song": 4, "length": 9}]))["songs"][0]["tokens"] == 9


def test_a_song_has_its_form_as_far_as_it_is_known():
    form = {"parallel_fifths": 1.5, "parallel_octaves": 0.25, "recurrence": 44.0, "major": 100.0, "held_chords": None}
    song = data_of(page([row(1, form=form)]))["songs"][0]
    assert {name: song[name] for name in ("parallels", "recurrence")} == {"parallels": 1.75, "recurrence": 44.0}
    assert not {"major", "held_chords", "parallel_fifths", "form"} & set(song)
    assert "parallels" not in data_of(page([row(1, form={"parallel_fifths": 1.5})]))["songs"][0]


def test_likelihood_is_a_sampled_token_s_and_the_end_was_sampled_too():
    rows = [
        row(0, log_likelihood=-3.0, tokens=["C4", "R"], ended=True),
        row(1, log_likelihood=-3.0, tokens=["C4", "R"], ended=False),
        row(2, log_likelihood=-3.0, tokens=[]),
        row(3, tokens=["C4"]),
    ]
    songs = data_of(page(rows))["songs"]
    assert [song.get("per_token") for song in songs] == [-1.0, -1.5, None, None]


def test_what_a_song_copied_is_told():
    copied = {"copied_notes": 9, "copied_bars": 2.5, "copied_from": "a.mid", "copied": "copies much", "novelty": 0.93}
    song = data_of(page([row(1, copied_share=0.07, **copied)]))["songs"][0]
    assert {key: song[key] for key in copied} == copied


def test_pitches_are_named_where_they_are_two():
    for pitches, said in [
        ([40, 79], "E2 to G5"),
        ((0, 127), "C-1 to G9"),
        (None, None),
        ([60], None),
        ([None, 1], None),
        ([-1, 60], None),
        ([60, 128], None),
    ]:
        assert data_of(page([row(1, pitch_range=pitches)]))["songs"][0].get("pitches") == said


def test_parts_are_told_with_their_colours_and_nothing_that_is_no_colour():
    flute = {"name": "Flute", "colour": "#0072b2", "notes": 3, "velocity": 90.0, "density": 1.0}
    hostile = {**flute, "colour": "red;background:url(x)"}
    songs = data_of(page([row(1, parts=[flute, hostile, {**flute, "name": ""}]), row(2, parts=7), row(3)]))["songs"]
    shown = {"name": "Flute", "colour": "#0072b2", "notes": 3, "velocity": 90.0}
    assert songs[0]["parts"] == [shown, {**shown, "name": "unnamed"}]
    assert [song.get("parts") for song in songs[1:]] == [None, None]


def test_a_name_of_bytes_that_are_no_text_can_be_written_and_read():
    text = page([row(1, copied_from="a\udcff.mid", name="\U0001f98b 나비")])
    song = data_of(text.encode("utf-8").decode("utf-8"))["songs"][0]
    assert (song["copied_from"], song["name"]) == ("a\udcff.mid", "\U0001f98b 나비")


def test_the_comparison_is_named_where_there_is_one():
    assert "summary" not in data_of(page([row(1)]))["sets"][0]
    assert data_of(page([row(1)], summary="summary.html"))["sets"][0]["summary"] == "summary.html"


def test_hostile_text_stays_text():
    text = page(
        [row(1, name=HOSTILE, key=HOSTILE)], title=HOSTILE, model={HOSTILE: HOSTILE}, settings={"primer": HOSTILE}
    )
    plain = page([row(1)])
    for sign in ("<script", "</script", "<!--", "<img"):
        assert text.count(sign) == plain.count(sign), sign
    data = data_of(text)
    (told,) = data["sets"]
    assert data["songs"][0]["name"] == told["settings"]["primer"] == told["model"][HOSTILE] == HOSTILE
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text


def test_numbers_that_json_cannot_hold_are_left_out():
    metrics = {"validation": {"loss_nats": math.nan}, "baselines": {"validation": {"uniform": math.inf}}}
    data = data_of(page([row(1, log_likelihood=-math.inf, seconds=math.nan)], metrics=metrics))
    assert data["losses"] == []
    assert not {"log_likelihood", "seconds"} & set(data["songs"][0])


def test_files_lie_where_the_set_does():
    files = {"file": "a.mid", "picture": "p.png", "audio": "a.mp3"}
    data = data_of(page([row(1, **files)], folder="../greedy", summary="summary.html", index="index.html"))
    assert {key: data["songs"][0][key] for key in files} == {key: f"../greedy/{file}" for key, file in files.items()}
    assert (data["sets"][0]["summary"], data["sets"][0]["index"]) == ("../greedy/summary.html", "../greedy/index.html")
    assert data_of(page([{"song": 4}], folder="b"))["songs"][0]["file"] == "b/song-00004.mid"


def test_songs_of_one_number_stand_together_in_the_order_of_their_sets():
    rows = {"sampled": [2, 0, 1], "greedy": [0, 2]}
    sets = [SongSet([row(song) for song in songs], {}, {}, {}, name=name) for name, songs in rows.items()]
    data = data_of(gallery.page(sets, title="Both"))
    assert [(song["name"], song.get("set")) for song in data["songs"]] == [
        ("sampled · Song 0", None),
        ("greedy · Song 0", 1),
        ("sampled · Song 1", None),
        ("sampled · Song 2", None),
        ("greedy · Song 2", 1),
    ]
    assert [one["name"] for one in data["sets"]] == ["sampled", "greedy"]


def test_losses_are_compared_of_models_of_one_dataset_alone():
    def shown(*datasets):
        sets = [
            SongSet([row(1)], {"dataset": dataset}, {"train": {"loss_nats": float(at)}}, {}, name=f"{at}")
            for at, dataset in enumerate(datasets)
        ]
        return [bar["name"] for bar in data_of(gallery.page(sets, title=""))["losses"]]

    assert shown("a", "a") == ["1", "0"]
    assert shown("a", "b") == []


def test_settings_read_as_a_person_writes_them():
    settings = {"temperature": 0.9, "top_k": None, "primer": "<start>", "pitches": [60, 64]}
    assert data_of(page([row(1)], settings=settings))["sets"][0]["settings"] == {
        "temperature": "0.9",
        "primer": "<start>",
        "pitches": "[60, 64]",
    }


def test_page_needs_no_network_and_writes_text_only():
    text = page([row(1, picture="song-00001.png", audio="song-00001.mp3")])
    assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|fetch\(|@import|url\(", text)
    assert "{{" not in text


def test_thousand_songs_are_one_small_page():
    tokens = ["C4"] * 500
    assert len(page([row(number, tokens=tokens) for number in range(1000)])) < 300_000
