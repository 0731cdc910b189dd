import hashlib
import itertools
import random

import apache_beam as beam
import pytest
from apache_beam.metrics import MetricsFilter
from apache_beam.testing.util import assert_that, equal_to

from beam_jobs.options import beam_options, open_pipeline
from pipelines.clusters import ClusterSongs, group_by_band, hear, link, tell


def band(name) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()[:16]


def check(bands_of, expected, flags=(), **options) -> int:
    """Clusters {song: names of bands}, asserts the labels, returns how many bands were skipped."""
    songs = [(song, tuple(band(name) for name in names)) for song, names in bands_of.items()]
    with open_pipeline(beam_options(list(flags))) as pipeline:
        labels = pipeline | beam.Create(songs) | ClusterSongs(**options)
        assert_that(labels, equal_to(list(expected.items())))
    counters = pipeline.result.metrics().query(MetricsFilter().with_name("bands-skipped"))["counters"]
    return sum(counter.committed for counter in counters)


def components(bands_of) -> dict[str, str]:
    """Each song's smallest relative, by merging sets: the answer that no number of rounds limits."""
    clusters = {song: {song} for song in bands_of}
    for one, other in itertools.combinations(bands_of, 2):
        if set(bands_of[one]) & set(bands_of[other]) and clusters[one] is not clusters[other]:
            clusters[one] |= clusters[other]
            for song in clusters[one]:
                clusters[song] = clusters[one]
    return {song: min(cluster) for song, cluster in clusters.items()}


def test_clusters_of_every_shape():
    bands_of = {
        # A star: one band in common.
        **{f"star{index}": ["star"] for index in range(5)},
        # Two bands with one song in both, which is not the smallest.
        **{"two1": ["left"], "two2": ["right"], "two3": ["left", "right"], "two4": ["right"]},
        # Twins with every band in common.
        **{"twin1": list(range(20)), "twin2": list(range(20))},
        # Songs of their own: with bands, without, and beside a band of the same bucket.
        **{"alone1": ["own"], "alone2": []},
    }
    expected = {song: f"{song[:-1]}{0 if song.startswith('star') else 1}" for song in bands_of}
    assert check(bands_of, {**expected, "alone2": "alone2"}) == 0


@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_a_chain_is_labelled_as_far_as_the_rounds_reach(rounds):
    bands_of = {f"song{index}": [index, index + 1] for index in range(8)}
    check(bands_of, {f"song{index}": f"song{max(0, index - rounds)}" for index in range(8)}, rounds=rounds)


def test_bands_of_too_many_songs_are_skipped_and_counted():
    bands_of = {f"song{index}": ["crowd", index // 2] for index in range(10)}
    in_pairs = {song: f"song{int(song[4:]) // 2 * 2}" for song in bands_of}
    assert check(bands_of, in_pairs, largest_band=9) == 1
    assert check(bands_of, dict.fromkeys(bands_of, "song0"), largest_band=10) == 0


@pytest.mark.parametrize(
    "flags", [[], ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]], ids=["1 worker", "2 workers"]
)
def test_any_order_and_any_workers_give_the_components_of_a_random_graph(flags):
    dice = random.Random(7)
    names = [hashlib.sha256(bytes([index])).hexdigest() for index in range(200)]
    bands_of = {name: [dice.randrange(400) for _ in range(dice.randrange(4))] for name in names}
    expected = components(bands_of)
    assert len(set(expected.values())) < 195
    shuffled = dict(dice.sample(list(bands_of.items()), len(bands_of)))
    check(shuffled, expected, flags, rounds=12)


def test_nothing_gives_nothing():
    assert check({}, {}) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"rounds": 0}, "rounds 0 must be at least 1"), ({"largest_band": 1}, "largest_band 1 must be at least 2")],
)
def test_bounds_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ClusterSongs(**wrong)


def test_a_crowded_band_is_not_kept_in_memory():
    crowd = ("00aa song" + str(index) for index in range(10**4))
    assert sorted(map(len, group_by_band(itertools.chain(["00bb song1"], crowd), most=5))) == [1, 6]


def test_links_go_through_the_smallest():
    assert list(link(["b", "a", "c"])) == [
        ("a", ("b", ("b",))),
        ("b", ("a", ("a",))),
        ("a", ("c", ("c",))),
        ("c", ("a", ("a",))),
    ]
    assert list(link(["a"])) == []


def test_a_song_tells_all_neighbours_the_smallest_it_heard_of():
    messages = [("c", ("c",)), ("a", ()), ("d", ("d", "c"))]
    expected = [("b", ("a", ("c", "d"))), ("c", ("a", ())), ("d", ("a", ()))]
    assert hear(messages) == hear([hear(messages[1:]), messages[0]]) == ("a", ("c", "d"))
    assert list(tell("b", hear(messages))) == expected
