"""Counts in sentences."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Count and noun, which takes an s unless it is one: `1 id`, `2 ids`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
