"""What all tests share: how many examples hypothesis tries, and which seeds."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The gate tries a fixed sample, the full proof as many as it has time for.
settings.register_profile("gate", deadline=None, max_examples=100, derandomize=True, database=None)
settings.register_profile("proof", deadline=None, max_examples=3_000, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full`: the full proof, where the gate takes a sample."""
    parser.addoption("--full", action="store_true", help="the full proof, not the gate's sample")
