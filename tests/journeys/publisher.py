"""Publishes a warehouse that changes again and again, in processes that may be killed.

    python publisher.py WAREHOUSE DIRECTORY

For each line on standard input one more execution is loaded and published by a process of its own.
A number in the line kills that process after so much of what the last whole one did, counted in
file operations and statements: it goes on meanwhile, and waits for its end when it is through.
Each line is answered with `published` or `killed`.
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

# One more execution, as a copy of the last one, and what the analysis would count of it.
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
    """What a run does, but for the cluster and the models."""
    with opened(warehouse, 5, read_only=False) as connection:
        connection.execute(ONE_MORE)
        publish(connection, warehouse, directory)


def publish_and_tell(warehouse: Path, directory: Path, passes: int, *, is_doomed: bool) -> NoReturn:
    """Ends the process, which writes a byte into the pipe for all that it is about to do."""

    def tell(_what: str) -> None:
        os.write(passes, b".")

    watch(tell)
    publish_one_more(warehouse, directory)
    os.close(passes)
    if is_doomed:
        signal.pause()
    os._exit(0)


def main() -> None:
    """One more publication for each line."""
    warehouse, directory = Path(sys.argv[1]), Path(sys.argv[2])
    usual_points = 0
    for line in sys.stdin:
        is_doomed = bool(line.strip())
        passed, passes = os.pipe()
        if (child := os.fork()) == 0:
            publish_and_tell(warehouse, directory, passes, is_doomed=is_doomed)
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
