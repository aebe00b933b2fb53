"""The queries of `docs/marts.md` with their output.

    PYTHONPATH=tests python tests/journeys/documented.py WAREHOUSE

rewrites the output; the warehouse is that of `incorta-loads simulate -- incorta-loads run`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from journeys.shell import CHECKOUT, COMMAND

PAGE = CHECKOUT / "docs" / "marts.md"
_EXAMPLE = re.compile(r"```sql\n(?P<query>.*?)\n```\n(\n```text\n(?P<output>.*?)```\n)?", re.DOTALL)


class Example(NamedTuple):
    """A query on the page, and its documented output."""

    query: str
    output: str


def examples() -> list[Example]:
    """All examples of the page, in order."""
    found = _EXAMPLE.finditer(PAGE.read_text())
    return [Example(each["query"], each["output"] or "") for each in found]


def printed(warehouse: Path, query: str) -> str:
    """The output that a user sees."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    environment["DESTINATION__DUCKDB__CREDENTIALS"] = str(warehouse)
    done = subprocess.run(
        [COMMAND, "sql", query], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def write_outputs(warehouse: Path) -> None:
    """Writes the output of each query below it."""

    def with_output(example: re.Match[str]) -> str:
        query = example["query"]
        return f"```sql\n{query}\n```\n\n```text\n{printed(warehouse, query)}```\n"

    PAGE.write_text(_EXAMPLE.sub(with_output, PAGE.read_text()))


if __name__ == "__main__":
    write_outputs(Path(sys.argv[1]).absolute())
