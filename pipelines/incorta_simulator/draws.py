"""Chance that anyone can draw again."""

from __future__ import annotations

from hashlib import blake2b


def draw(*key: str | int) -> float:
    """A number from 0 (included) to 1 (excluded) that depends on the key alone.

    Every process, and every order of asking, gets the same number for the same key.
    """
    digest = blake2b("\n".join(map(str, key)).encode(), digest_size=8).digest()
    # 53 bits are what a float holds exactly; more could round up to 1.
    return (int.from_bytes(digest) >> 11) / 2**53
