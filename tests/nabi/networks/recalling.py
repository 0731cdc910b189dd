"""What a memory tells of the tokens of a song, read one after another.

Without XLA: a compilation for each song would take longer than all tests that read one.
"""

from collections.abc import Sequence

import tensorflow as tf

from nabi.networks.song_memory import SongMemory


def recalled(memory: SongMemory, ids: Sequence[int]) -> dict[str, list[int]]:
    """Name -> what is told after each id."""
    state = [tf.zeros((1, size)) for size in memory.sizes]
    told: dict[str, list[int]] = {name: [] for name in memory.names}
    for token in ids:
        named, state = memory.recall(tf.constant([int(token)]), state)
        for name, value in named.items():
            told[name].append(int(value[0]))
    return told
