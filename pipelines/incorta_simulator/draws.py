"""Repeatable random numbers."""

from __future__ import annotations

from hashlib import blake2b


def draw(*key: str | int) -> float:
    """Returns a number from 0 (inclusive) to 1 (exclusive) that depends only on the key.

    The same key gives the same number in every process and in any order of calls.
    """
    digest = blake2b("\n".join(map(str, key)).encode(), digest_size=8).digest()
    # A float represents 53 bits exactly; more could round up to 1.
    return (int.from_bytes(digest) >> 11) / 2**53
