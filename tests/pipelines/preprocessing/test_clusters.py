import hashlib
import random

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.util import assert_that, equal_to

from nabi.analysis import tune_fingerprint
from nabi.analysis.tune_fingerprint import Fingerprint
from nabi.beam.options import beam_options, open_pipeline
from pipelines.preprocessing.clusters import ANCHORS, ClusterSongs, candidates_of, key_by_bucket, sketch_by_pair


def sketch(*bits) -> bytes:
    """A sketch that agrees with another in the share of its bytes that both have from the same words."""
    size = tune_fingerprint.ORDERS // len(bits)
    return b"".join(hashlib.blake2b(f"{bit}".encode(), digest_size=size).digest() for bit in bits)


def fingerprint(bands, *bits) -> Fingerprint:
    names = tuple(hashlib.sha256(str(band).encode()).hexdigest()[: tune_fingerprint.BAND_DIGITS] for band in bands)
    return Fingerprint(names, sketch(*bits) if bands else b"")


def check(songs, clusters, flags=()) -> None:
    """Clusters {song: fingerprint}; asserts which songs are together, all others being alone."""
    expected = [(song, min(cluster)) for cluster in clusters for song in cluster if song != min(cluster)]
    with open_pipeline(beam_options(list(flags))) as pipeline:
        labels = pipeline | beam.Create(list(songs.items())) | ClusterSongs()
        assert_that(labels, equal_to(expected))


def test_songs_of_a_band_that_are_alike_are_one_cluster():
    songs = {
        **{f"star{index}": fingerprint(["star"], "star") for index in range(5)},
        **{f"twin{index}": fingerprint(range(20), "twin") for index in range(2)},
        "alone": fingerprint(["own"], "own"),
        "short": fingerprint([]),
    }
    check(songs, [[f"star{index}" for index in range(5)], ["twin0", "twin1"]])


def test_songs_that_share_a_habit_are_not_linked():
    songs = {f"song{index}": fingerprint(["scale", index], f"tune{index}") for index in range(6)}
    check(songs, [])
    assert all(set(songs["song0"].bands) & set(song.bands) for song in songs.values())


def test_strangers_with_smaller_names_in_its_band_do_not_hide_a_pair():
    strangers = {f"a{index}": fingerprint(["scale"], index) for index in range(ANCHORS - 1)}
    check({**strangers, "b1": fingerprint(["scale"], "b"), "b2": fingerprint(["scale"], "b")}, [["b1", "b2"]])


def test_three_thousand_songs_of_one_band_are_one_cluster():
    songs = {hashlib.sha256(bytes([n // 256, n % 256])).hexdigest()[:16]: fingerprint(["hit"], 1) for n in range(3000)}
    check(songs, [list(songs)])


def test_a_chain_of_forty_links_is_one_cluster():
    # Of each song one half is as in the song before, the other as in the song after.
    songs = {
        f"song{index:02}": fingerprint([index, index + 1], 2 * ((index + 1) // 2), 2 * (index // 2) + 1)
        for index in range(41)
    }
    check(songs, [list(songs)])
    assert not tune_fingerprint.alike(songs["song00"].sketch, songs["song40"].sketch)


@pytest.mark.parametrize(
    "flags", [[], ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]], ids=["1 worker", "2 workers"]
)
def test_any_order_and_any_workers_give_the_same_clusters(flags):
    songs = {
        f"song{index:02}": fingerprint([f"tune{index // 6}", f"habit{index % 5}"], index // 6) for index in range(24)
    }
    clusters = [[f"song{index:02}" for index in range(begin, begin + 6)] for begin in (0, 6, 12, 18)]
    check(dict(random.Random(1).sample(list(songs.items()), len(songs))), clusters, flags)


def test_nothing_gives_nothing():
    check({}, [])


def test_a_band_of_any_size_is_compared_with_its_smallest():
    names = [f"{name:04}" for name in np.random.default_rng(0).permutation(1000)]
    pairs = list(candidates_of([f"band {name}" for name in names] + ["other 0000"]))
    assert {smaller for smaller, _ in pairs} == {f"{index:04}" for index in range(ANCHORS)}
    assert len(pairs) == len(set(pairs)) == sum(999 - index for index in range(ANCHORS))


def test_a_song_is_keyed_by_the_first_digits_of_its_bands():
    assert list(key_by_bucket("song", Fingerprint(("0123456789", "abcdef0123")))) == [
        ("012", "3456789 song"),
        ("abc", "def0123 song"),
    ]


def test_a_sketch_goes_to_all_candidates_wherever_it_comes():
    assert list(sketch_by_pair("b", ["c", b"s", "a"])) == [(("b", "c"), b"s"), (("a", "b"), b"s")]
    assert list(sketch_by_pair("b", [b"s"])) == []
