"""What all tests share: how many examples hypothesis tries, and which seeds."""

from __future__ import annotations

import os

from hypothesis import settings

# The gate tries a fixed sample, the full proof as many as it has time for.
settings.register_profile("gate", deadline=None, max_examples=100, derandomize=True, database=None)
settings.register_profile("proof", deadline=None, max_examples=3_000, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))
