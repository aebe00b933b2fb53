"""Settings that all tests share: hypothesis examples and seeds, xdist groups, reported figures."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from support.balance import group_of, longest_first

FIGURES = "figures"

# The gate tries a fixed sample; the full proof tries more examples with random seeds.
# Examples may be slow on a busy machine, which is not an error.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", unhurried, max_examples=100, derandomize=True, database=None)
settings.register_profile("proof", unhurried, max_examples=3_000, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--full`, which runs the full proof where the gate takes a sample."""
    parser.addoption("--full", action="store_true", help="the full proof, not the gate's sample")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks each test with its group before xdist reads the groups."""
    item.add_marker(pytest.mark.xdist_group(group_of(item.nodeid)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts the tests so that the longest start first."""
    items[:] = longest_first(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Freezes all imported objects, so that no garbage collection scans them during the tests."""
    if session.config.getoption("loadgroup", default=False):
        # without groups all tests would still pass, in three times the time
        assert all("@" in item.nodeid for item in session.items), "xdist does not know the groups"
    gc.collect()
    gc.freeze()


@pytest.fixture
def report_figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a line of figures below the test summary, also from xdist's workers."""
    return lambda line: record_property(FIGURES, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures that tests reported."""
    reports = [each for found in terminalreporter.stats.values() for each in found]
    for report in reports:
        if getattr(report, "when", None) == "call":
            for name, line in report.user_properties:
                if name == FIGURES:
                    terminalreporter.write_line(line)
