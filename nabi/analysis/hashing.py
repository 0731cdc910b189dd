"""Hashes of whole arrays that are the same on every machine and on every day."""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]


def mix(values: Hashes) -> Hashes:
    """Mixes the bits of each value by SplitMix64 (Steele, Lea, Flood 2014), a bijection of 64 bits."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


def of_grams(symbols: Hashes, length: int) -> Hashes:
    """Hashes every `length` consecutive symbols.

    >>> hashes = of_grams(np.array([1, 2, 3, 1, 2], np.uint64), length=2)
    >>> len(hashes), bool(hashes[0] == hashes[3])
    (4, True)

    Args:
      symbols: uint64 [N], any numbers.
      length: at least 1.

    Returns:
      uint64 [N - length + 1], empty for fewer symbols. Equal grams have equal hashes; among a million different grams
      two have equal hashes with a probability of 3 in 100 million.
    """
    hashes: Hashes = np.zeros(max(len(symbols) - length + 1, 0), np.uint64)
    for offset in range(length):
        hashes = mix(hashes + symbols[offset : offset + len(hashes)])
    return hashes
