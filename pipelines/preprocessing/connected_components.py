"""Connected components of a graph too large for one worker: each node with the smallest node of its component.

Rounds of large-star and small-star (Kiveris et al. 2014, "Connected Components in MapReduce and Beyond") link every
node to smaller and smaller ones: a round shortens every chain, adds no links and streams a node's neighbours. A link
may stand several times.
Components that are no star after `ROUNDS`, remains of long chains, are joined on one worker by union-find, so that the
result is exact for every graph.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam

# Rounds before the rest is gathered on one worker; each shuffles the links twice. Clusters of near duplicates start as
# stars around the smallest song of a band, with few links between stars, so few rounds do.
ROUNDS = 2

# (smaller node, larger node).
Link = tuple[str, str]


@dataclasses.dataclass
class ConnectedComponents(beam.PTransform):
    """Links (smaller, larger) -> (node, smallest node of its component), for all nodes but the smallest ones.

    Components that become a star within `rounds` are never held in memory; one worker holds the remaining links of all
    others, at most as many as went in.

    Attributes:
      rounds: at least 1.
    """

    rounds: int = ROUNDS

    def __post_init__(self) -> None:
        super().__init__()
        if self.rounds < 1:
            raise ValueError(f"rounds {self.rounds} must be at least 1")

    def expand(self, links: beam.PCollection[Link]) -> beam.PCollection[tuple[str, str]]:
        """Alternates large-star and small-star, then joins the components that are no stars yet."""
        for number in range(1, self.rounds + 1):
            links = (
                links
                | f"BothEnds{number}" >> beam.FlatMap(both_ends)
                | f"Neighbours{number}" >> beam.GroupByKey()
                | f"LargeStar{number}" >> beam.FlatMapTuple(large_star)
                | f"Smaller{number}" >> beam.GroupByKey()
                | f"SmallStar{number}" >> beam.FlatMapTuple(small_star)
            )
        nodes = links | "BothEnds" >> beam.FlatMap(both_ends) | "Neighbours" >> beam.GroupByKey()
        rest = (
            nodes
            | "NoStars" >> beam.FlatMapTuple(unsettled)
            | "Join" >> beam.CombineGlobally(JoinLinks()).without_defaults()
        )
        return (
            nodes
            | "Parent" >> beam.MapTuple(parent)
            | "Label" >> beam.FlatMap(_label, smallest=beam.pvalue.AsSingleton(rest, default_value={}))
        )


def both_ends(link: Link) -> Iterator[tuple[str, str]]:
    """Yields a link as (node, neighbour) from either end."""
    smaller, larger = link
    yield smaller, larger
    yield larger, smaller


def large_star(node: str, neighbours: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Links larger neighbours of a node to the smallest of the node and all its neighbours, as (larger, smaller)."""
    smallest = min(node, min(neighbours))
    yield from ((neighbour, smallest) for neighbour in neighbours if neighbour > node)


def small_star(node: str, smaller: Iterable[str]) -> Iterator[Link]:
    """Links a node and its smaller neighbours to the smallest of them."""
    smallest = min(smaller)
    yield smallest, node
    yield from ((smallest, neighbour) for neighbour in smaller if neighbour != smallest)


def parent(node: str, neighbours: Iterable[str]) -> tuple[str, str]:
    """Returns a node with the smallest of its neighbours and itself."""
    return node, min(node, min(neighbours))


def unsettled(node: str, neighbours: Iterable[str]) -> Iterator[Link]:
    """Yields the links to a node's smaller neighbours, unless the node is the centre or a leaf of a star."""
    smallest = min(neighbours)
    if smallest < node and any(neighbour != smallest for neighbour in neighbours):
        yield from ((neighbour, node) for neighbour in neighbours if neighbour < node)


class JoinLinks(beam.CombineFn):  # type: ignore[misc]
    """Links -> {node: smallest node of its component} for each node of the links, by union-find."""

    def create_accumulator(self) -> dict[str, str]:
        """Returns an empty forest: node -> its parent, a smaller node or, at a root, itself."""
        return {}

    def add_input(self, forest: dict[str, str], link: Link) -> dict[str, str]:
        """Joins the trees of a link's two ends."""
        low, high = sorted(_root(forest, node) for node in link)
        forest[high] = low
        return forest

    def merge_accumulators(self, forests: Iterable[dict[str, str]]) -> dict[str, str]:
        """Merges forests into one with the links of all."""
        merged = self.create_accumulator()
        for forest in forests:
            for node, parent_node in forest.items():
                self.add_input(merged, (parent_node, node))
        return merged

    def extract_output(self, forest: dict[str, str]) -> dict[str, str]:
        """Maps each node to its root."""
        return {node: _root(forest, node) for node in forest}


def _root(forest: dict[str, str], node: str) -> str:
    """Returns the root of a node's tree, adding an unknown node as a root; halves the path on the way."""
    while (parent_node := forest.setdefault(node, node)) != node:
        forest[node] = node = forest[parent_node]
    return node


def _label(node_and_parent: tuple[str, str], smallest: dict[str, str]) -> Iterator[tuple[str, str]]:
    node, parent_node = node_and_parent
    label = smallest.get(parent_node, parent_node)
    if label != node:
        yield node, label
