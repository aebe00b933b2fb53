"""Publishes a warehouse that changes again and again, in processes that may be killed.

    python publisher.py WAREHOUSE DIRECTORY

For each line on standard input one more execution is loaded and published by a process of its own.
A number in the line kills that process after so much of the time that the last whole one took.
Each line is answered with `published` or `killed`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from incorta_loads.database import opened
from incorta_loads.publish import publish

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


def main() -> None:
    """One more publication for each line."""
    warehouse, directory = Path(sys.argv[1]), Path(sys.argv[2])
    usual_seconds = 0.5
    for line in sys.stdin:
        began = time.monotonic()
        if (child := os.fork()) == 0:
            publish_one_more(warehouse, directory)
            os._exit(0)
        if line.strip():
            time.sleep(float(line) * usual_seconds)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not line.strip():
            assert status == 0
            usual_seconds = time.monotonic() - began
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "published\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
