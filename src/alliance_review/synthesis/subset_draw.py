"""Random subsets of the effects, eight effects to a byte."""

import numpy as np


def pack(members) -> np.ndarray:
    """Eight effects to a byte, the first in the lowest bit, shape (B, ceil(k / 8))."""
    return np.packbits(members, axis=1, bitorder="little")


def unpack(packed, k: int) -> np.ndarray:
    """The inverse of ``pack``: booleans, shape (B, k)."""
    return np.unpackbits(packed, axis=1, count=k, bitorder="little").view(bool)


def draw(k: int, count: int, seed: int) -> np.ndarray:
    """Draw subsets of k effects, packed; each of the 2**k - 1 is equally likely, every time."""
    random = np.random.default_rng(seed)
    width = -(-k // 8)

    def rows(number):
        bits = np.frombuffer(random.bytes(number * width), np.uint8).reshape(number, width).copy()
        bits[:, -1] &= 0xFF >> (8 * width - k)  # no effects beyond the last
        return bits

    packed = rows(count)
    while (empty := np.flatnonzero(~packed.any(axis=1))).size:
        packed[empty] = rows(empty.size)
    return packed
