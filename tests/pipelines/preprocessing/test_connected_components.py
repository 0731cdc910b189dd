import hashlib
import itertools
import random

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from nabi.beam.options import beam_options, open_pipeline
from pipelines.preprocessing.connected_components import (
    ConnectedComponents,
    JoinLinks,
    large_star,
    small_star,
    unsettled,
)


def check(links, expected, flags=(), **options) -> None:
    """Finds the components of links, and asserts the labels of nodes that are no smallest."""
    with open_pipeline(beam_options(list(flags))) as pipeline:
        labels = pipeline | beam.Create(links) | ConnectedComponents(**options)
        assert_that(labels, equal_to([(node, label) for node, label in expected.items() if node != label]))


def components(links) -> dict[str, str]:
    """Each node's smallest relative, by merging sets."""
    clusters = {node: {node} for link in links for node in link}
    for one, other in links:
        if clusters[one] is not clusters[other]:
            clusters[one] |= clusters[other]
            clusters.update(dict.fromkeys(clusters[one], clusters[one]))
    return {node: min(cluster) for node, cluster in clusters.items()}


def hashes(count) -> list[str]:
    return [hashlib.sha256(bytes([index // 256, index % 256])).hexdigest()[:16] for index in range(count)]


def test_chains_of_any_length_are_one_component_each():
    chains = []
    for length in (1, 2, 3, 40, 300):
        ascending = [f"{index:04} of {length}" for index in range(length + 1)]
        chains += [ascending, [f"{name} of {length}" for name in hashes(length + 1)]]
    links = [tuple(sorted(pair)) for names in chains for pair in itertools.pairwise(names)]
    check(links, {name: min(names) for names in chains for name in names})


@pytest.mark.parametrize(
    "flags", [[], ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]], ids=["1 worker", "2 workers"]
)
def test_any_order_and_any_workers_give_the_components_of_a_random_graph(flags):
    dice = random.Random(7)
    names = hashes(300)
    links = [tuple(sorted(dice.sample(names, 2))) for _ in range(130)]
    expected = components(links)
    assert 20 < len(set(expected.values())) < 130
    check(dice.sample(links, len(links)), expected, flags, rounds=1)
    check(links[::-1] + links, expected, flags)


def test_nothing_gives_nothing():
    check([], {})


def test_rounds_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="rounds 0 must be at least 1"):
        ConnectedComponents(rounds=0)


def test_a_large_star_links_the_larger_neighbours_to_the_smallest():
    assert list(large_star("c", ["e", "a", "d", "b"])) == [("e", "a"), ("d", "a")]
    assert list(large_star("a", ["e", "d"])) == [("e", "a"), ("d", "a")]


def test_a_small_star_links_a_node_and_the_smaller_ones_to_the_smallest():
    assert list(small_star("e", ["c", "a"])) == [("a", "e"), ("a", "c")]


def test_of_a_star_nothing_is_gathered():
    assert list(unsettled("a", ["b", "c"])) == list(unsettled("b", ["a"])) == []
    assert list(unsettled("c", ["a", "b"])) == [("a", "c"), ("b", "c")]
    assert list(unsettled("b", ["a", "c"])) == [("a", "b")]


def test_links_are_joined_in_whatever_parts_they_come():
    join = JoinLinks()
    forests = [join.create_accumulator() for _ in range(3)]
    for number, link in enumerate([("c", "d"), ("a", "b"), ("e", "f"), ("b", "c"), ("e", "g")]):
        join.add_input(forests[number % 3], link)
    joined = join.extract_output(join.merge_accumulators(forests))
    assert joined == {**dict.fromkeys("abcd", "a"), **dict.fromkeys("efg", "e")}
