"""`kill -9` at the file operations and SQL statements of a small run."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from crashes.processes import apart, at_once
from crashes.readers import State, state
from crashes.scenario import NAME, crash, left_beside, record, wrong_after
from crashes.snapshots import Directory, Snapshots

Tell = Callable[[str], None]

SEED = 7
LEDGER = 'before INSERT INTO "load_status"."fetches"'
REPLACED = 'before DELETE FROM "load_status"."nodes"'
LOG = f"{NAME}.wal"

# Of each scenario; the proof tries all directories and all torn statements.
GATE_DIRECTORIES, GATE_KILLS, GATE_CHAINS, GATE_HALVES = 4, 2, 1, 2
PROOF_KILLS, PROOF_CHAINS = 20, 20
CUTS = 2  # of what a statement adds to the log

pytestmark = pytest.mark.timeout(1_800)


@dataclass
class Scenario:
    """A run that is going to be killed.

    Attributes:
        name: what it does.
        url: the cluster.
        store: contents of all files at all points.
        origin: what is there before the run.
        points: each point of the run, and what a kill there leaves.
        expected: the state after an undisturbed run.
    """

    name: str
    url: str
    store: Path
    origin: Directory
    points: list[tuple[str, Directory]]
    expected: State

    @property
    def snapshots(self) -> Snapshots:
        return Snapshots(self.store)


@contextmanager
def cluster() -> Iterator[tuple[str, Callable[[], None]]]:
    """A cluster in a process of its own: its URL, and what lets time pass there."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("cluster.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def pass_time() -> None:
            stdin.write("next\n")
            stdin.flush()
            assert stdout.readline() == "done\n"

        yield stdout.readline().strip(), pass_time
        stdin.close()


@pytest.fixture(scope="module", params=["a first run", "a later run"])
def scenario(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scenario]:
    """Creating the warehouse; or restoring, replacing, adding and asking again in one."""
    folder = tmp_path_factory.mktemp("scenario")
    home, store = folder / "home", folder / "store"
    home.mkdir()
    store.mkdir()
    with cluster() as (url, pass_time):
        origin: Directory = ()
        if request.param == "a later run":
            # After a kill between the last nodes and their ledger: rows are to be restored.
            points = apart(record, home, url, store, in_batches=True) or []
            (*_, origin) = (left for what, left in points if what.startswith(LEDGER))
            pass_time()
        Snapshots(store).restore(origin, home)
        points = apart(record, home, url, store) or []
        expected = apart(state, home / NAME)
        assert points
        assert expected
        yield Scenario(request.param, url, store, origin, points, expected)


LEDGERS = {
    "a first run": {
        **dict.fromkeys((1, 2, 6), ("loaded", 200)),
        3: ("forbidden", 403),
        4: ("invalid_payload", 200),
        5: ("unavailable", 503),
        **dict.fromkeys((7, 8, 9, 10), ("not_found", 404)),
    },
    "a later run": {
        **dict.fromkeys((1, 2, 5, 6, 7, 8), ("loaded", 200)),
        3: ("forbidden", 403),
        4: ("invalid_payload", 200),
        **dict.fromkeys((9, 10, 11, 12), ("not_found", 404)),
    },
}


def test_the_run_has_everything_in_it(scenario: Scenario) -> None:
    """Every outcome; then a restored row, a replaced and a mended execution."""
    ledger = {execution_id: last for _, _, execution_id, *last in scenario.expected["ledger"]}
    assert ledger == {i: list(last) for i, last in LEDGERS[scenario.name].items()}
    names = [what for what, _ in scenario.points]
    packages = sum(
        each.startswith('before INSERT INTO "load_status"."_dlt_loads"') for each in names
    )
    replaced = sum(each.startswith(REPLACED) for each in names)
    assert (packages, replaced) == {"a first run": (3, 0), "a later run": (4, 1)}[scenario.name]


def test_a_run_that_is_killed_anywhere_leaves_nothing_wrong(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, tell: Tell
) -> None:
    """Readers see whole executions; the next run ends where an undisturbed one would have."""
    different = list(dict.fromkeys(left for _, left in scenario.points))
    if not request.config.getoption("--full"):
        sample = random.Random(SEED).sample(different, GATE_DIRECTORIES)
        # What replaces an execution takes it away first: right after that is always tried.
        different = sample + [
            left
            for (what, _), (_, left) in pairwise(scenario.points)
            if what.startswith(REPLACED) and left not in sample
        ]

    def judge(number: int, left: Directory) -> str | None:
        home = tmp_path / str(number)
        return apart(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    wrong_with = dict(zip(different, at_once(judge, different), strict=True))
    tried = [(what, left) for what, left in scenario.points if left in wrong_with]
    wrong = [(what, wrong_with[left]) for what, left in tried if wrong_with[left] != ""]
    tell(
        f"{scenario.name}: {len(scenario.points)} crash points, {len(tried)} tried in "
        f"{len(different)} different directories, {len(wrong)} wrong"
    )
    assert wrong == []


def test_what_a_kill_leaves_is_what_was_recorded(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, tell: Tell
) -> None:
    """Byte for byte, in every file; and the next run makes the same of it."""
    most = PROOF_KILLS if request.config.getoption("--full") else GATE_KILLS
    kills: list[bool] = []

    def kill(number: int, fatal: int) -> str | None:
        home = tmp_path / str(number)
        scenario.snapshots.restore(scenario.origin, home)
        survived = apart(crash, home, scenario.url, fatal, scenario.store)
        left = scenario.snapshots.take(home)
        assert survived or left == read_directory(left_beside(home))
        kills.append(not survived)
        return apart(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    # Some packages may have a few operations more or less in another run.
    found = at_once(kill, random.Random(SEED).sample(range(len(scenario.points) - 20), most))
    tell(f"{scenario.name}: {sum(kills)} kills, {len(found) - found.count('')} wrong")
    assert set(found) == {""}


def test_runs_that_are_killed_again_and_again_leave_nothing_wrong(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, tell: Tell
) -> None:
    """Twice or three times in a row, each time while the run tidies up after the one before."""
    most = PROOF_CHAINS if request.config.getoption("--full") else GATE_CHAINS
    draw = random.Random(SEED)
    chains = [
        [draw.randrange(len(scenario.points)) for _ in range(draw.choice((2, 3)))]
        for _ in range(most)
    ]
    kills = []

    def chain(number: int, fatal: list[int]) -> str | None:
        home = tmp_path / str(number)
        scenario.snapshots.restore(scenario.origin, home)
        kills.extend([apart(crash, home, scenario.url, each) for each in fatal])
        left = scenario.snapshots.take(home)
        return apart(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    found = at_once(chain, chains)
    tell(
        f"{scenario.name}: {len(found)} times two or three kills in a row ({kills.count(None)} "
        f"kills in all), {len(found) - found.count('')} wrong"
    )
    assert set(found) == {""}


def test_a_statement_that_is_killed_halfway_leaves_nothing_wrong(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, tell: Tell
) -> None:
    """The log of DuckDB may end anywhere in what the statement adds to it."""
    draw = random.Random(SEED)
    halves = []
    for (_, before), (_, after) in pairwise(scenario.points):
        begin, end = (log_size_bytes(scenario.snapshots, each) for each in (before, after))
        for _ in range(CUTS if begin < end else 0):
            size_bytes = draw.randrange(begin + 1, end)
            halves.append(
                with_log(before, scenario.snapshots.shortened(dict(after)[LOG], size_bytes))
            )
    if not request.config.getoption("--full"):
        halves = draw.sample(halves, GATE_HALVES)

    def judge(number: int, left: Directory) -> str | None:
        home = tmp_path / str(number)
        return apart(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    found = at_once(judge, halves)
    tell(f"{scenario.name}: {len(found)} torn statements, {len(found) - found.count('')} wrong")
    assert set(found) == {""}


def log_size_bytes(snapshots: Snapshots, directory: Directory) -> int:
    """Of DuckDB's write-ahead log; 0 when there is none."""
    digest = dict(directory).get(LOG)
    return snapshots.size_bytes(digest) if digest else 0


def with_log(directory: Directory, digest: str) -> Directory:
    """The same directory with this log."""
    return tuple(sorted((dict(directory) | {LOG: digest}).items()))


def read_directory(path: Path) -> Directory:
    """What `crash` wrote."""
    return tuple((name, digest) for name, digest in json.loads(path.read_text()))
