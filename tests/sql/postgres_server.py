"""A PostgreSQL server of one's own: a cluster in a temporary directory, on a socket inside it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian's packages put them, below the number of the version."""

SETTINGS = {
    "listen_addresses": "",
    "autovacuum": "off",  # statistics are there for those who ask for them
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "log_checkpoints": "off",
    "log_min_messages": "log",
}


@contextmanager
def postgres_server() -> Iterator[Path]:
    """While it runs: its host, as clients call the directory of a socket."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        _make_cluster(directory)
        with _started(directory):
            yield directory


def without_foreign_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what steers somebody's own PostgreSQL or dbt."""
    return {
        name: value for name, value in environment.items() if not name.startswith(("PG", "DBT_"))
    }


def _make_cluster(directory: Path) -> None:
    """Its names are in another order than their code points, as in most real ones."""
    made = _start(
        "initdb", directory,
        "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
        "--locale-provider=icu", "--icu-locale=en-US", "--no-sync",
    )  # fmt: skip
    _, complaints = made.communicate()
    assert made.returncode == 0, complaints


@contextmanager
def _started(directory: Path) -> Iterator[None]:
    settings = SETTINGS | {"unix_socket_directories": str(directory)}
    server = _start(
        "postgres", directory, *(f"--{name}={value}" for name, value in settings.items())
    )
    assert server.stderr is not None
    try:
        said: list[str] = []
        while not said or "ready to accept connections" not in said[-1]:
            said.append(server.stderr.readline())
            assert said[-1], "".join(said)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()


def _start(program: str, directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """As another user than root, whom PostgreSQL refuses to serve."""
    (newest, *_) = sorted(PROGRAMS.glob(f"*/bin/{program}"), key=_version, reverse=True)
    account = "postgres" if os.geteuid() == 0 else None
    return subprocess.Popen(
        [newest, "-D", str(directory / "data"), *arguments],
        cwd=directory,
        env=without_foreign_settings(os.environ),
        user=account,
        group=account,
        extra_groups=None if account is None else (),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _version(program: Path) -> float:
    return float(program.parts[-3])
