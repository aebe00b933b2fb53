"""A cluster on loopback, and users who are configured for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import TOKEN, Demo, User, configured, make_run


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Company(executions=120), token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
def user(tmp_path: Path, simulator: Simulator) -> User:
    return configured(tmp_path, simulator)


@pytest.fixture(scope="session")
def company() -> Company:
    """The story behind `pulled` and `analysed`."""
    return Company(executions=120)


@pytest.fixture(scope="session")
def first_ingest(
    tmp_path_factory: pytest.TempPathFactory, company: Company
) -> tuple[User, CompletedProcess[str]]:
    """A user who has run `ingest` once, and what it said; the warehouse is for copying."""
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path_factory.mktemp("pulled"), simulator)
        return user, user.runs("ingest")


@pytest.fixture
def pulled(user: User, first_ingest: tuple[User, CompletedProcess[str]]) -> User:
    """A user who has run `ingest` once, on a simulator that does not know of it."""
    before, _ = first_ingest
    shutil.copytree(before.home, user.home, dirs_exist_ok=True)
    return user


@pytest.fixture(scope="session")
def analysed(
    tmp_path_factory: pytest.TempPathFactory,
    company: Company,
    first_ingest: tuple[User, CompletedProcess[str]],
) -> Iterator[User]:
    """A user who has run `ingest` and `analyze` once, for tests that only read."""
    before, _ = first_ingest
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path_factory.mktemp("analysed"), simulator)
        shutil.copytree(before.home, user.home, dirs_exist_ok=True)
        user.runs("analyze")
        yield user


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The history that `incorta-loads simulate` plays, pulled and analysed once, for reading."""
    return make_run(tmp_path_factory.mktemp("demo"))
