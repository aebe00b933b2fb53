"""`publish` for its readers: no incomplete files, no locks, nothing left behind."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from incorta_loads.analysis.project import mart_names
from incorta_loads.cli import publishing, runs
from incorta_loads.publication.publish import Published
from journeys.published_reader import READERS
from journeys.shell import User

GATE, PROOF = (12, 4), (100, 40)
"""The number of publications, and how many of them are killed."""

SEED = 7


@pytest.fixture
def published(analyzed: User, tmp_path: Path) -> Path:
    """A directory just published from the warehouse of `analyzed`."""
    directory = tmp_path / "published"
    analyzed.runs("publish", str(directory))
    return directory


@contextmanager
def readers(directory: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Runs one process for each way to read, and checks at the end that none had an error."""
    script = Path(__file__).with_name("published_reader.py")
    running = [
        subprocess.Popen(
            [sys.executable, script, kind, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for kind in READERS
    ]
    try:
        for each in running:
            assert each.stdout
            assert each.stderr
            assert each.stdout.readline() == "reads\n", each.stderr.read()
        yield running
    finally:
        for each in running:
            assert each.stdin
            each.stdin.close()
            each.stdin = None  # `communicate` would write to it


@contextmanager
def publisher(warehouse: Path, directory: Path) -> Iterator[Callable[[float | None], str]]:
    """A function that publishes once, perhaps killed after a share of the usual work."""
    script = Path(__file__).with_name("publisher.py")
    command = [str(each) for each in (sys.executable, script, warehouse, directory)]
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(script.parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def publish(killed_after: float | None) -> str:
            assert process.stdin
            assert process.stdout
            process.stdin.write("\n" if killed_after is None else f"{killed_after}\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield publish


def below(directory: Path) -> set[str]:
    return {str(each.relative_to(directory)) for each in directory.rglob("*") if each.is_file()}


@pytest.mark.timeout(3_600)  # the full proof takes some minutes
def test_readers_never_see_an_error_or_an_incomplete_file(
    analyzed: User,
    published: Path,
    tmp_path: Path,
    report_figure: Callable[[str], None],
    request: pytest.FixtureRequest,
) -> None:
    """Some of many publications are killed at any moment, and nothing is left behind."""
    warehouse = tmp_path / "incorta_loads.duckdb"
    warehouse.write_bytes(analyzed.warehouse.read_bytes())
    wanted, kills = PROOF if request.config.getoption("--full") else GATE
    draw = random.Random(SEED)
    killed = set(draw.sample(range(1, wanted), kills))  # the first one measures the usual work
    before = below(published)
    ends: Counter[str] = Counter()
    with publisher(warehouse, published) as publish, readers(published) as running:
        for number in range(wanted):
            ends[publish(draw.random() if number in killed else None)] += 1
        # the last one removes files that a kill may have left
        assert publish(None) == "published"
    reads = []
    for kind, each in zip(READERS, running, strict=True):
        times, errors = each.communicate()
        assert each.returncode == 0, f"{kind}: {errors}"
        assert int(times) > 0
        reads.append(f"{times.strip()} reads with {kind}")
    assert below(published) == before
    assert ends["killed"] == kills
    report_figure(f"publications: {dict(ends)}; {', '.join(reads)}; 0 errors")


def test_each_mart_is_a_parquet_file_with_its_rows(published: Path) -> None:
    """The exceptions are node_outcomes, whose rows are in the lake, and marts on demand."""
    with duckdb.connect(published / "incorta_loads.duckdb", read_only=True) as snapshot:
        for mart in mart_names():
            file = published / "parquet" / f"{mart}.parquet"
            if mart in ("node_outcomes", "alert_backtest", "alert_backtest_summary"):
                assert not file.exists()
                continue
            difference = snapshot.execute(
                f"SELECT count(*) FROM (FROM load_analysis.{mart} EXCEPT ALL FROM '{file}')"
            ).fetchone()
            rows = snapshot.execute(f"SELECT count(*) FROM load_analysis.{mart}").fetchone()
            assert difference == (0,), mart
            assert rows == (pq.read_metadata(file).num_rows,), mart


def test_the_snapshot_works_under_any_name(analyzed: User, published: Path, tmp_path: Path) -> None:
    """All its tables and views can be read."""
    renamed = tmp_path / "Other name.db"
    renamed.write_bytes((published / "incorta_loads.duckdb").read_bytes())
    with duckdb.connect(renamed, read_only=True) as snapshot:
        names = snapshot.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_schema <> 'load_status_staging'"
        ).fetchall()
        assert len(names) > 50
        for (name,) in names:
            snapshot.execute(f"SELECT * FROM {name} LIMIT 1").fetchall()


def test_the_manifest_describes_the_files(published: Path) -> None:
    """It has version, time, rows, coverage and the checksum of every file."""
    manifest = json.loads((published / "manifest.json").read_text())
    assert set(manifest) == {"version", "published_at", "rows", "coverage", "files"}
    assert (
        manifest["coverage"][0]["loaded"] == manifest["rows"]["load_analysis"]["executions"] == 130
    )
    sums = {
        path: hashlib.sha256((published / path).read_bytes()).hexdigest()
        for path in below(published) - {"manifest.json"}
    }
    assert {path: file["sha256"] for path, file in manifest["files"].items()} == sums


def test_unchanged_files_are_not_rewritten(analyzed: User, published: Path) -> None:
    """Only the report and the manifest are rewritten, also after another analysis."""
    before = {path: (published / path).stat().st_ino for path in below(published)}
    analyzed.runs("analyze")
    output = analyzed.runs("publish", str(published)).stdout
    after = {path: (published / path).stat().st_ino for path in below(published)}
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {"report.html", "manifest.json"}
    assert "(1 of 29 files rewritten" in output


def test_readers_of_a_warehouse_in_use_get_the_snapshot(
    analyzed: User, published: Path, tmp_path: Path
) -> None:
    """A message states that, with the time of the snapshot."""
    user = User(
        analyzed.home, analyzed.settings | {"SOURCES__INCORTA__LOCK_TIMEOUT_SECONDS": "0.1"}
    )
    expected = user.reads("failures")
    at = json.loads((published / "manifest.json").read_text())["published_at"]
    with duckdb.connect(user.warehouse):
        done = user.runs("failures", "--format", "json")
        wanted_to_write = user.runs("analyze", exit_code=8)
    assert json.loads(done.stdout) == expected
    assert f"Reading the snapshot {published}/incorta_loads.duckdb instead, published at {at}" in (
        done.stderr
    )
    assert "is in use" in wanted_to_write.stderr


def test_a_deleted_snapshot_is_not_read(analyzed: User, tmp_path: Path) -> None:
    """The command then reports a busy warehouse, as without a snapshot."""
    user = User(
        analyzed.home, analyzed.settings | {"SOURCES__INCORTA__LOCK_TIMEOUT_SECONDS": "0.1"}
    )
    user.runs("publish", str(tmp_path / "gone"))
    shutil.rmtree(tmp_path / "gone")
    with duckdb.connect(user.warehouse):
        user.runs("failures", exit_code=8)


@pytest.mark.parametrize(
    ("place", "exit_code", "sentence"),
    [
        (".", 2, "would replace the warehouse itself"),
        ("incorta_loads.duckdb", 2, "is not a directory"),
        ("incorta_loads.duckdb/below", 1, "cannot be written (Not a directory)"),
        ("", 2, "is empty; set one"),
        ("ftp://host/published", 2, "ftp://… is no place to publish into"),
        ("x" * 300, 2, "(File name too long); use another path"),
        (os.fsdecode(b"\xff"), 2, "is not UTF-8"),
    ],
)
def test_an_invalid_directory_is_one_sentence(
    analyzed: User, place: str, exit_code: int, sentence: str
) -> None:
    """Nothing is written."""
    before = analyzed.warehouse.read_bytes()
    done = analyzed.runs("publish", place, exit_code=exit_code)
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert analyzed.warehouse.read_bytes() == before


def test_a_foreign_file_is_not_replaced(analyzed: User, tmp_path: Path) -> None:
    """It may be the only copy of a user's database."""
    (tmp_path / "incorta_loads.duckdb").write_text("his")
    done = analyzed.runs("publish", str(tmp_path), exit_code=2)
    assert "was not published by incorta-loads" in done.stderr
    assert below(tmp_path) == {"incorta_loads.duckdb"}
    assert (tmp_path / "incorta_loads.duckdb").read_text() == "his"


def test_two_warehouses_do_not_publish_into_one_directory(analyzed: User, published: Path) -> None:
    """Readers would see the one or the other at random."""
    manifest = json.loads((published / "manifest.json").read_text())
    manifest["coverage"][0]["tenant"] = "another"
    (published / "manifest.json").write_text(json.dumps(manifest))
    done = analyzed.runs("publish", str(published), exit_code=2)
    assert "holds the publication of another warehouse" in done.stderr
    assert "tenant another" in done.stderr
    assert json.loads((published / "manifest.json").read_text()) == manifest


def test_without_an_analysis_nothing_is_published(user: User) -> None:
    """One sentence names the command to run."""
    user.runs("ingest", "--ids", "1-3")
    done = user.runs("publish", exit_code=1)
    assert "run incorta-loads analyze first" in done.stderr
    assert not (user.home / "published").exists()


def test_publishing_that_needs_more_memory_begins_again(
    analyzed: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """If the limit is too small for the files, they are written without it."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copyfile(analyzed.warehouse, warehouse)
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(warehouse))
    monkeypatch.setattr(publishing, "_PUBLISHING_BYTES", 4 * 2**20)
    [published] = runs.publish(str(tmp_path / "published"))
    assert isinstance(published, Published)
    assert "publishing needs more memory than usual" in caplog.text
    assert (published.directory / "manifest.json").is_file()
