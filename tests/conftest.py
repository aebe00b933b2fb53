"""What all tests share: how many examples hypothesis tries, and which seeds."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import settings

FIGURES = "figures"

# The gate tries a fixed sample, the full proof as many as it has time for.
settings.register_profile("gate", deadline=None, max_examples=100, derandomize=True, database=None)
settings.register_profile("proof", deadline=None, max_examples=3_000, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full`: the full proof, where the gate takes a sample."""
    parser.addoption("--full", action="store_true", help="the full proof, not the gate's sample")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says one line of figures below the summary of the tests, from other processes too."""
    return lambda line: record_property(FIGURES, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests told."""
    reports = [each for found in terminalreporter.stats.values() for each in found]
    for report in reports:
        if getattr(report, "when", None) == "call":
            for name, line in report.user_properties:
                if name == FIGURES:
                    terminalreporter.write_line(line)
