"""A private PostgreSQL server in a temporary directory, with a socket inside it."""

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
"""The directory of Debian's packages, with a subdirectory per version."""

SETTINGS = {
    "listen_addresses": "",
    "autovacuum": "off",  # statistics exist only for tables that are analyzed explicitly
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "log_checkpoints": "off",
    "log_min_messages": "log",
}


@contextmanager
def postgres_server() -> Iterator[Path]:
    """Runs the server; yields its host, which for clients is the directory of the socket."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        _make_cluster(directory)
        with _started(directory):
            yield directory


def without_foreign_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Removes variables that configure other PostgreSQL servers or dbt."""
    return {
        name: value for name, value in environment.items() if not name.startswith(("PG", "DBT_"))
    }


def _make_cluster(directory: Path) -> None:
    """Creates a cluster whose collation differs from code points, as in most real ones."""
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
        lines: list[str] = []
        while not lines or "ready to accept connections" not in lines[-1]:
            lines.append(server.stderr.readline())
            assert lines[-1], "".join(lines)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()


def _start(program: str, directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """Starts a program as a user other than root, under whom PostgreSQL refuses to run."""
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
