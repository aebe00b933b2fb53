"""Publications in object storage, against a real S3 server."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import obstore
import pytest
from obstore.store import S3Store

from journeys.shell import COMMAND, User
from sql.base_rows import built
from sql.looked_at import looked_at
from support.kills import Kills, meanwhile
from support.proof import IS_PROOF
from support.s3_server import SECRET, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with s3_server() as environment:
        yield environment


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("s3") / "w.duckdb", *looked_at().history)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """A prefix of its own for each test."""
    return f"s3://bucket/{hashlib.sha256(request.node.name.encode()).hexdigest()[:8]}/bi"


@pytest.fixture
def store(server: dict[str, str], place: str) -> S3Store:
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    made = S3Store(
        bucket,
        prefix=prefix,
        endpoint=server["AWS_ENDPOINT_URL"],
        access_key_id=server["AWS_ACCESS_KEY_ID"],
        secret_access_key=server["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )
    obstore.put(made, "first", b"")  # makes the bucket
    obstore.delete(made, ["first"])
    return made


@pytest.fixture
def user(tmp_path: Path, server: dict[str, str], whole: Path, place: str, store: S3Store) -> User:
    """A user who publishes into a bucket that is there."""
    assert list(obstore.list(store)) == []
    user = User(tmp_path, {**server, "SOURCES__INCORTA__PUBLISH_DIR": place})
    shutil.copy(whole, user.warehouse)
    return user


def objects(store: S3Store) -> dict[str, bytes]:
    """Path → content of all objects below the prefix."""
    return {
        each["path"]: bytes(obstore.get(store, each["path"]).bytes())
        for page in obstore.list(store)
        for each in page
    }


def manifest(store: S3Store) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(obstore.get(store, "manifest.json").bytes()))
    return found


def test_the_objects_are_those_of_the_manifest(user: User, store: S3Store, place: str) -> None:
    """Nothing else is there, and the snapshot can be opened."""
    printed = user.runs("publish").stdout
    assert printed.startswith(f"Published: {place} (")
    found = objects(store)
    listed = json.loads(found.pop("manifest.json"))["files"]
    assert {path: hashlib.sha256(body).hexdigest() for path, body in found.items()} == {
        path: file["sha256"] for path, file in listed.items()
    }
    copy = user.home / "copy.duckdb"
    copy.write_bytes(found["incorta_loads.duckdb"])
    with duckdb.connect(copy, read_only=True) as snapshot:
        assert snapshot.execute("SELECT count(*) > 0 FROM load_analysis.executions").fetchone() == (
            (True,)
        )


def test_only_what_differs_is_put(user: User, store: S3Store) -> None:
    """By size and ETag: also an object that somebody changed or removed."""
    user.runs("publish")
    again = user.runs("publish").stdout
    assert "(1 of " in again  # the report has the time of publication
    obstore.put(store, "parquet/gaps.parquet", b"changed")
    obstore.delete(store, ["parquet/executions.parquet"])
    assert "(3 of " in user.runs("publish").stdout
    listed = manifest(store)["files"]
    body = objects(store)["parquet/gaps.parquet"]
    assert hashlib.sha256(body).hexdigest() == listed["parquet/gaps.parquet"]["sha256"]


def test_what_is_no_longer_published_is_removed(user: User, store: S3Store) -> None:
    """What somebody else put there stays."""
    user.runs("publish")
    obstore.put(store, "theirs.txt", b"x")
    with duckdb.connect(user.warehouse) as connection:
        connection.execute("DELETE FROM load_status.status_changes")
    user.runs("publish")
    found = objects(store)
    assert "theirs.txt" in found
    assert [path for path in found if path.startswith("lake/status_changes")] == []


def test_a_second_publisher_is_refused(user: User, store: S3Store, tmp_path: Path) -> None:
    """That of another warehouse, and one who published since the manifest was read."""
    user.runs("publish")
    with duckdb.connect(user.warehouse) as connection:
        for table in ("nodes", "fetches", "status_changes"):
            connection.execute(f"UPDATE load_status.{table} SET cluster = 'another'")
    user.runs("analyze")
    shutil.rmtree(f"{user.warehouse}.publication")
    before = manifest(store)
    done = user.runs("publish", exit_code=2)
    assert "holds the publication of another warehouse, with c5" in done.stderr
    assert manifest(store) == before


def test_an_unreachable_or_foreign_place_is_one_sentence(user: User, store: S3Store) -> None:
    """No secret is shown."""
    obstore.put(store, "manifest.json", b"[]")
    done = user.runs("publish", exit_code=2)
    assert "manifest.json that incorta-loads did not publish" in done.stderr
    user.settings["AWS_SECRET_ACCESS_KEY"] = "wrong"
    done = user.runs("publish", exit_code=1)
    assert "cannot be written" in done.stderr
    assert SECRET not in done.stderr
    done = user.runs("publish", "s3://key:secret@bucket/x", exit_code=2)
    assert "must not contain credentials" in done.stderr
    assert "secret@" not in done.stderr


@pytest.mark.timeout(1_800)
def test_readers_see_whole_objects_through_kills(
    user: User, store: S3Store, report_figure: Callable[[str], None]
) -> None:
    """Each object is that of some publication; nothing is left behind in the end."""
    begin = time.monotonic()
    user.runs("publish")
    kills = Kills(time.monotonic() - begin)
    paths = [path for path in objects(store) if path.endswith((".parquet", ".json", ".html"))]
    draw, torn, reads = random.Random(3), list[str](), [0]

    def read() -> None:
        path = draw.choice(paths)
        body = bytes(obstore.get(store, path).bytes())
        reads[0] += 1
        is_whole = {
            "parquet": body[:4] == body[-4:] == b"PAR1",
            "json": body.rstrip().endswith(b"}"),
            "html": body.rstrip().endswith(b"</html>"),
        }[path.rpartition(".")[2]]
        if not is_whole:
            torn.append(path)

    publications = 50 if IS_PROOF else 5
    with meanwhile(read):
        for number in range(publications):
            with duckdb.connect(user.warehouse) as connection:
                connection.execute(
                    "UPDATE load_status.nodes SET job_status = $status, "
                    "fetched_at = fetched_at + INTERVAL 1 SECOND WHERE execution_id = 7",
                    {"status": ("Failed", "Success")[number % 2]},
                )
            kills.let_run(
                subprocess.Popen(
                    [COMMAND, "publish", "--quiet"],
                    cwd=user.home,
                    env=os.environ | user.environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
    user.runs("publish")
    found = objects(store)
    listed = json.loads(found.pop("manifest.json"))["files"]
    report_figure(
        f"{publications} publications into S3, {kills.killed} killed; {reads[0]} reads, 0 torn"
    )
    assert torn == []
    assert {path: hashlib.sha256(body).hexdigest() for path, body in found.items()} == {
        path: file["sha256"] for path, file in listed.items()
    }
