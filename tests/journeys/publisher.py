"""Publishes a changing warehouse again and again, in processes that may be killed.

    python publisher.py WAREHOUSE DIRECTORY

For each line on standard input, a new process loads and publishes one more execution. A number in
the line kills the process after this share of the work of the last complete publication, counted in
file operations and statements. The process does not stop at its kill point, and waits for the kill
when it is done. For each line, `published` or `killed` is printed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from crashes.points import watch
from incorta_loads.publication.publish import publish
from incorta_loads.warehouse.opening import opened

# One more execution, as a copy of the last one, and the change of the analysis that it causes.
ONE_MORE = """
BEGIN;
CREATE OR REPLACE TEMP TABLE one AS
    SELECT * FROM load_status.nodes
    WHERE execution_id = (SELECT max(execution_id) FROM load_status.nodes);
UPDATE one SET execution_id = execution_id + 1;
INSERT INTO load_status.nodes SELECT * FROM one;
UPDATE load_analysis.status_ledger SET nodes = nodes + (SELECT count(*) FROM one)
    WHERE rowid = (SELECT min(rowid) FROM load_analysis.status_ledger);
COMMIT;
"""


def publish_one_more(warehouse: Path, directory: Path) -> None:
    """Does the work of a run, without the cluster and the models."""
    with opened(warehouse, 5, read_only=False) as connection:
        connection.execute(ONE_MORE)
        publish(connection, warehouse, directory)


def publish_with_progress(
    warehouse: Path, directory: Path, passes: int, *, is_doomed: bool
) -> NoReturn:
    """Publishes and ends the process; writes a byte into the pipe before each operation."""

    def count(_operation: str) -> None:
        os.write(passes, b".")

    watch(count)
    publish_one_more(warehouse, directory)
    os.close(passes)
    if is_doomed:
        signal.pause()
    os._exit(0)


def main() -> None:
    """Publishes once for each line."""
    warehouse, directory = Path(sys.argv[1]), Path(sys.argv[2])
    usual_points = 0
    for line in sys.stdin:
        is_doomed = bool(line.strip())
        passed, passes = os.pipe()
        if (child := os.fork()) == 0:
            publish_with_progress(warehouse, directory, passes, is_doomed=is_doomed)
        os.close(passes)
        fatal = int(float(line) * usual_points) if is_doomed else sys.maxsize
        points = 0
        while points <= fatal and os.read(passed, 1):
            points += 1
        if is_doomed:
            os.kill(child, signal.SIGKILL)
        else:
            usual_points = points
        os.close(passed)
        _, status = os.waitpid(child, 0)
        assert is_doomed or status == 0
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "published\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
