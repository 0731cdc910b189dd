"""Connected components of a graph too large for one worker: each node with the smallest of its component.

Rounds of large-star and small-star (Kiveris et al. 2014, "Connected Components in MapReduce and Beyond") link every
node to smaller and smaller ones: a round shortens every chain, adds no links and streams a node's neighbours. What
`ROUNDS` have not brought to a star, the remains of long chains, goes to one place, so that the components are exact
whatever their shape.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam

# Rounds before the rest is gathered, each two shuffles of the links. Clusters of near duplicates are stars through the
# smallest song of a band to begin with, few links across.
ROUNDS = 3

# (smaller node, larger node).
Link = tuple[str, str]


@dataclasses.dataclass
class ConnectedComponents(beam.PTransform):
    """Links (smaller, larger) -> (node, the smallest node of its component) for all nodes that are no smallest.

    Exact. Of a component that `rounds` bring to a star nothing is held anywhere; of others one worker holds the links
    that are left, never more than there were.

    Attributes:
      rounds: at least 1.
    """

    rounds: int = ROUNDS

    def __post_init__(self) -> None:
        super().__init__()
        if self.rounds < 1:
            raise ValueError(f"rounds {self.rounds} must be at least 1")

    def expand(self, links: beam.PCollection[Link]) -> beam.PCollection[tuple[str, str]]:
        """Alternates both stars, then joins what is none yet."""
        for number in range(1, self.rounds + 1):
            links = (
                links
                | f"BothEnds{number}" >> beam.FlatMap(both_ends)
                | f"Neighbours{number}" >> beam.GroupByKey()
                | f"LargeStar{number}" >> beam.FlatMapTuple(large_star)
                | f"Upwards{number}" >> beam.MapTuple(lambda smaller, larger: (larger, smaller))
                | f"Smaller{number}" >> beam.GroupByKey()
                | f"SmallStar{number}" >> beam.FlatMapTuple(small_star)
                | f"OnceEach{number}" >> beam.Distinct()
            )
        nodes = links | "BothEnds" >> beam.FlatMap(both_ends) | "Neighbours" >> beam.GroupByKey()
        rest = nodes | "NoStars" >> beam.FlatMapTuple(unsettled) | "Join" >> beam.CombineGlobally(JoinLinks())
        return (
            nodes
            | "Parent" >> beam.MapTuple(parent)
            | "Label" >> beam.FlatMap(_label, smallest=beam.pvalue.AsSingleton(rest))
        )


def both_ends(link: Link) -> Iterator[tuple[str, str]]:
    """A link as (node, neighbour), from either end."""
    smaller, larger = link
    yield smaller, larger
    yield larger, smaller


def large_star(node: str, neighbours: Iterable[str]) -> Iterator[Link]:
    """Links the larger neighbours of a node to the smallest of them and itself."""
    smallest = min(node, min(neighbours))
    yield from ((smallest, neighbour) for neighbour in neighbours if neighbour > node)


def small_star(node: str, smaller: Iterable[str]) -> Iterator[Link]:
    """Links a node and its smaller neighbours to the smallest of them."""
    smallest = min(smaller)
    yield smallest, node
    yield from ((smallest, neighbour) for neighbour in smaller if neighbour != smallest)


def parent(node: str, neighbours: Iterable[str]) -> tuple[str, str]:
    """A node with the smallest of its neighbours and itself."""
    return node, min(node, min(neighbours))


def unsettled(node: str, neighbours: Iterable[str]) -> Iterator[Link]:
    """The links to smaller neighbours of a node that is no leaf of a star: it has several, or a larger one too."""
    smallest = min(neighbours)
    if smallest < node and any(neighbour != smallest for neighbour in neighbours):
        yield from ((neighbour, node) for neighbour in neighbours if neighbour < node)


class JoinLinks(beam.CombineFn):  # type: ignore[misc]
    """Links -> {node: the smallest node of its component} of all nodes in them, by union-find."""

    def create_accumulator(self) -> dict[str, str]:
        """A forest: each node's parent, smaller than itself or itself."""
        return {}

    def add_input(self, forest: dict[str, str], link: Link) -> dict[str, str]:
        """Joins the trees of both ends."""
        low, high = sorted(_root(forest, node) for node in link)
        forest[high] = low
        return forest

    def merge_accumulators(self, forests: Iterable[dict[str, str]]) -> dict[str, str]:
        """One forest with the links of all."""
        merged = self.create_accumulator()
        for forest in forests:
            for node, above in forest.items():
                self.add_input(merged, (above, node))
        return merged

    def extract_output(self, forest: dict[str, str]) -> dict[str, str]:
        """Each node's root."""
        return {node: _root(forest, node) for node in forest}


def _root(forest: dict[str, str], node: str) -> str:
    """The root of a node's tree, new nodes being their own; halves the way there."""
    while (above := forest.setdefault(node, node)) != node:
        forest[node] = node = forest[above]
    return node


def _label(parented: tuple[str, str], smallest: dict[str, str]) -> Iterator[tuple[str, str]]:
    node, above = parented
    label = smallest.get(above, above)
    if label != node:
        yield node, label
