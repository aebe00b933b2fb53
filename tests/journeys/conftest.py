"""A cluster on loopback, and users who are configured for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from incorta_simulator.company import Company
from incorta_simulator.server import Simulator
from journeys.shell import TOKEN, User, configured


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Company(executions=120), token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
def user(tmp_path: Path, simulator: Simulator) -> User:
    return configured(tmp_path, simulator)


@pytest.fixture(scope="session")
def company() -> Company:
    """The story behind `analysed`."""
    return Company(executions=120)


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory, company: Company) -> Iterator[User]:
    """A user who has run `run` once, for tests that only read."""
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path_factory.mktemp("analysed"), simulator)
        user.runs("run")
        yield user
