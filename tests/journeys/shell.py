"""Runs the installed command as a user at a shell does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from incorta_simulator.server.simulator import Simulator
from support.patience import COMMAND_SECONDS, HANG_SECONDS

COMMAND = Path(sys.executable).with_name("incorta-loads")
CHECKOUT = Path(__file__).parents[2]
TOKEN = "journey-token-5f2c"


@dataclass
class User:
    """A user at a shell in an empty directory.

    Attributes:
        home: the directory, which is also HOME.
        settings: environment variables besides PATH, HOME and LANG.
    """

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        bare = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        return bare | self.settings

    @property
    def warehouse(self) -> Path:
        return self.home / "incorta_loads.duckdb"

    def runs(
        self, *arguments: str, exit_code: int | None = 0, program: Sequence[str | Path] = (COMMAND,)
    ) -> subprocess.CompletedProcess[str]:
        """Runs `incorta-loads …` or another program, and checks its exit code unless that is
        None."""
        done = subprocess.run(
            [*program, *arguments],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if exit_code is not None:
            assert done.returncode == exit_code, f"{done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def reads(self, *arguments: str) -> Any:
        """The JSON output of a command."""
        return json.loads(self.runs(*arguments, "--format", "json").stdout)

    def queries(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query on the warehouse."""
        with duckdb.connect(self.warehouse, read_only=True) as connection:
            found = connection.execute(query)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def lets_a_day_pass(self) -> None:
        """Moves all requests into the past, so that every id is due again."""
        with duckdb.connect(self.warehouse) as connection:
            for table, column in (
                *(("nodes", "fetched_at"), ("fetches", "fetched_at")),
                *(("status_changes", "seen_after"), ("status_changes", "seen_by")),
            ):
                connection.execute(
                    f"UPDATE load_status.{table} SET {column} = {column} - INTERVAL 1 DAY"
                )


def configured(home: Path, simulator: Simulator) -> User:
    """A user whose settings point to the simulator."""
    return User(
        home,
        {
            "SOURCES__INCORTA__CLUSTER_URL": simulator.url,
            "SOURCES__INCORTA__TENANT": "demo",
            "SOURCES__INCORTA__TOKEN": TOKEN,
            "SOURCES__INCORTA__CLUSTER": "journey",
        },
    )


def shell(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a command that must succeed."""
    return finished(*command, cwd=cwd, **environment).stdout


def finished(
    *command: str | Path, cwd: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A completed command that must succeed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


class Demo(NamedTuple):
    """The output of a simulated run on stdout and stderr, and the warehouse it created."""

    printed: str
    stderr: str
    warehouse: Path


def simulated_run(folder: Path) -> Demo:
    """Runs `incorta-loads simulate -- incorta-loads run`, with all files in the folder."""
    warehouse = folder / "incorta_loads.duckdb"
    done = finished(
        *(COMMAND, "simulate", "--", COMMAND, "run"),
        cwd=folder,
        DESTINATION__DUCKDB__CREDENTIALS=str(warehouse),
        SOURCES__INCORTA__PUBLISH_DIR=str(folder / "published"),
    )
    return Demo(done.stdout, done.stderr, warehouse)


def make_run(folder: Path) -> Demo:
    """Runs `make run` into the folder."""
    done = finished(
        *("make", "--no-print-directory", "run", f"VENV={sys.prefix}", f"DEMO={folder}"),
        cwd=CHECKOUT,
    )
    return Demo(done.stdout, done.stderr, folder / "incorta_loads.duckdb")


_HOLD = """
import sys, pathlib
from incorta_loads.warehouse.opening import locked
with locked(pathlib.Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(warehouse: Path) -> Iterator[subprocess.Popen[str]]:
    """Holds the lock of the warehouse in another process, which must end successfully."""
    with subprocess.Popen(
        [COMMAND.with_name("python"), "-c", _HOLD, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        if holder.poll() is None:
            holder.communicate(timeout=HANG_SECONDS)
    assert holder.returncode == 0
