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

from crashes.processes import in_parallel, in_process
from crashes.readers import State, state_and_changes
from crashes.scenario import NAME, crash, left_beside, record, wrong_after
from crashes.snapshots import Directory, Snapshots

ReportFigure = Callable[[str], None]

SEED = 7
LEDGER = 'before INSERT INTO "load_status"."fetches"'
REPLACED = 'before DELETE FROM "load_status"."nodes"'
LOG = f"{NAME}.wal"

# Per scenario; the proof tries all directories and all torn statements.
GATE_DIRECTORIES, GATE_KILLS, GATE_CHAINS, GATE_HALVES = 4, 2, 1, 2
PROOF_KILLS, PROOF_CHAINS = 20, 20
CUTS = 2  # lengths tried of the part that a statement adds to the log

pytestmark = pytest.mark.timeout(3_600)


@dataclass
class Scenario:
    """A run that is going to be killed.

    Attributes:
        name: the name of the scenario.
        url: the URL of the cluster.
        store: the contents of all files at all points.
        origin: the files before the run.
        points: each point of the run, and the files that a kill there leaves.
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
    """A cluster in a separate process: its URL, and a function that advances it."""
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
    """A run that creates the warehouse, or one that restores, replaces, adds and retries."""
    folder = tmp_path_factory.mktemp("scenario")
    home, store = folder / "home", folder / "store"
    home.mkdir()
    store.mkdir()
    with cluster() as (url, pass_time):
        origin: Directory = ()
        if request.param == "a later run":
            # Starts after a kill between the last nodes and their ledger rows.
            points = in_process(record, home, url, store, in_batches=True) or []
            (*_, origin) = (left for what, left in points if what.startswith(LEDGER))
            pass_time()
        Snapshots(store).restore(origin, home)
        points = in_process(record, home, url, store) or []
        expected = in_process(state_and_changes, home / NAME)
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


def test_the_runs_contain_every_kind_of_change(scenario: Scenario) -> None:
    """The first has every outcome; the later one restores a row, replaces one execution and loads
    another."""
    ledger = {execution_id: last for _, _, execution_id, *last in scenario.expected["ledger"]}
    assert ledger == {i: list(last) for i, last in LEDGERS[scenario.name].items()}
    names = [what for what, _ in scenario.points]
    packages = sum(
        each.startswith('before INSERT INTO "load_status"."_dlt_loads"') for each in names
    )
    replaced = sum(each.startswith(REPLACED) for each in names)
    ledgers = sum(each.startswith(LEDGER) for each in names)
    expected = {"a first run": (2, 0, 2), "a later run": (2, 1, 2)}[scenario.name]
    assert (packages, replaced, ledgers) == expected
    assert bool(scenario.expected["status_changes"]) is (scenario.name == "a later run")


def test_a_kill_at_any_point_does_no_harm(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, report_figure: ReportFigure
) -> None:
    """Readers see complete executions, and the next run gives the result of an undisturbed one."""
    different = list(dict.fromkeys(left for _, left in scenario.points))
    if not request.config.getoption("--full"):
        sample = random.Random(SEED).sample(different, GATE_DIRECTORIES)
        # A replaced execution is deleted first; the point right after that is always tried.
        different = sample + [
            left
            for (what, _), (_, left) in pairwise(scenario.points)
            if what.startswith(REPLACED) and left not in sample
        ]

    def judge(number: int, left: Directory) -> str | None:
        home = tmp_path / str(number)
        return in_process(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    wrong_with = dict(zip(different, in_parallel(judge, different), strict=True))
    tried = [(what, left) for what, left in scenario.points if left in wrong_with]
    wrong = [(what, wrong_with[left]) for what, left in tried if wrong_with[left] != ""]
    report_figure(
        f"{scenario.name}: {len(scenario.points)} crash points, {len(tried)} tried in "
        f"{len(different)} different directories, {len(wrong)} wrong"
    )
    assert wrong == []


def test_a_kill_leaves_the_recorded_files(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, report_figure: ReportFigure
) -> None:
    """All files match byte for byte, and the next run gives the same result."""
    most = PROOF_KILLS if request.config.getoption("--full") else GATE_KILLS
    kills: list[bool] = []

    def kill(number: int, fatal: int) -> str | None:
        home = tmp_path / str(number)
        scenario.snapshots.restore(scenario.origin, home)
        survived = in_process(crash, home, scenario.url, fatal, scenario.store)
        left = scenario.snapshots.take(home)
        assert survived or left == read_directory(left_beside(home))
        kills.append(not survived)
        return in_process(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    # Some packages have a few more or fewer operations in another run.
    found = in_parallel(kill, random.Random(SEED).sample(range(len(scenario.points) - 20), most))
    report_figure(f"{scenario.name}: {sum(kills)} kills, {len(found) - found.count('')} wrong")
    assert set(found) == {""}


def test_repeated_kills_do_no_harm(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, report_figure: ReportFigure
) -> None:
    """Two or three consecutive runs are killed, each while it cleans up after the previous one."""
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
        kills.extend([in_process(crash, home, scenario.url, each) for each in fatal])
        left = scenario.snapshots.take(home)
        return in_process(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    found = in_parallel(chain, chains)
    report_figure(
        f"{scenario.name}: {len(found)} times two or three kills in a row ({kills.count(None)} "
        f"kills in all), {len(found) - found.count('')} wrong"
    )
    assert set(found) == {""}


def test_a_torn_statement_does_no_harm(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest, report_figure: ReportFigure
) -> None:
    """DuckDB's log may end anywhere in the part that the statement adds."""
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
        return in_process(wrong_after, left, scenario.store, home, scenario.url, scenario.expected)

    found = in_parallel(judge, halves)
    report_figure(
        f"{scenario.name}: {len(found)} torn statements, {len(found) - found.count('')} wrong"
    )
    assert set(found) == {""}


def log_size_bytes(snapshots: Snapshots, directory: Directory) -> int:
    """The size of DuckDB's write-ahead log; 0 if there is none."""
    digest = dict(directory).get(LOG)
    return snapshots.size_bytes(digest) if digest else 0


def with_log(directory: Directory, digest: str) -> Directory:
    """The directory with this log."""
    return tuple(sorted((dict(directory) | {LOG: digest}).items()))


def read_directory(path: Path) -> Directory:
    """The list of files written by `crash`."""
    return tuple((name, digest) for name, digest in json.loads(path.read_text()))
