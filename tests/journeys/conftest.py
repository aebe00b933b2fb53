"""A cluster on loopback, and users whose settings point to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import TOKEN, Demo, User, configured, simulated_run


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Company(executions=130), token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
def user(tmp_path: Path, simulator: Simulator) -> User:
    return configured(tmp_path, simulator)


@pytest.fixture(scope="session")
def company() -> Company:
    """The simulated history behind `pulled` and `analyzed`."""
    return Company(executions=130)


@pytest.fixture(scope="session")
def first_ingest(
    tmp_path_factory: pytest.TempPathFactory, company: Company
) -> tuple[User, CompletedProcess[str]]:
    """A user who has run `ingest` once, and its output; copy the warehouse before changing it."""
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path_factory.mktemp("pulled"), simulator)
        return user, user.runs("ingest")


@pytest.fixture
def pulled(user: User, first_ingest: tuple[User, CompletedProcess[str]]) -> User:
    """A user who has run `ingest` once, and a simulator that has no record of those requests."""
    before, _ = first_ingest
    shutil.copytree(before.home, user.home, dirs_exist_ok=True)
    return user


@pytest.fixture(scope="session")
def analyzed(
    tmp_path_factory: pytest.TempPathFactory,
    company: Company,
    first_ingest: tuple[User, CompletedProcess[str]],
) -> Iterator[User]:
    """A user who has run `ingest` and `analyze` once, for tests that only read."""
    before, _ = first_ingest
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path_factory.mktemp("analyzed"), simulator)
        shutil.copytree(before.home, user.home, dirs_exist_ok=True)
        user.runs("analyze")
        yield user


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The history of `incorta-loads simulate`, loaded and analyzed once, for reading only."""
    return simulated_run(tmp_path_factory.mktemp("demo"))
