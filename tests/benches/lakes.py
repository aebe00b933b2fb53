"""The cost of `incorta-loads analyze --lake`, over lakes of several warehouses.

    PYTHONPATH=tests python tests/benches/lakes.py 1000x1000 10000x1000

A size is executions x tables in each, divided over two warehouses. Each is published by a process
of its own before; then one process analyzes both lakes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benches.analysis import COMMAND, load
from support.peaks import peak_mib

WAREHOUSES = 2


def run(database: Path, *arguments: str) -> tuple[float, float]:
    """Runs a command; returns its wall seconds and peak memory in MiB."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [COMMAND, "--quiet", *arguments],
        env=os.environ | {"DESTINATION__DUCKDB__CREDENTIALS": str(database)},
        cwd=database.parent,
        stdout=subprocess.DEVNULL,
    )
    peak = peak_mib(process)
    assert process.returncode == 0, arguments
    return time.monotonic() - begin, peak


def size_mib(directory: Path) -> float:
    """The size of all files below a directory."""
    return sum(each.stat().st_size for each in directory.rglob("*") if each.is_file()) / 2**20


def main() -> None:
    """Prints a line for each size."""
    print("       nodes  lakes MiB  analyze s  peak MiB  file MiB")
    for size in sys.argv[1:] or ["1000x1000"]:
        executions, tables = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            lakes = []
            nodes = 0
            for number in range(WAREHOUSES):
                home = Path(folder, f"w{number}")
                home.mkdir()
                database = home / "w.duckdb"
                load(database, 1, executions // WAREHOUSES, tables)
                with duckdb.connect(database) as warehouse:
                    for table in ("nodes", "fetches"):
                        warehouse.execute(f"UPDATE load_status.{table} SET cluster = 'c{number}'")
                    counted = warehouse.execute("SELECT count(*) FROM load_status.nodes")
                    nodes += (counted.fetchone() or (0,))[0]
                run(database, "analyze")
                run(database, "publish", str(home / "published"))
                database.unlink()
                lakes += ["--lake", str(home / "published")]
            into = Path(folder, "all.duckdb")
            seconds, peak = run(into, "analyze", *lakes, "--into", str(into))
            of_lakes = sum(
                size_mib(Path(folder, f"w{number}", "published", "lake"))
                for number in range(WAREHOUSES)
            )
            print(
                f"{nodes:>12,} {of_lakes:>10.1f} {seconds:>10.1f} {peak:>9.0f} "
                f"{into.stat().st_size / 2**20:>9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
