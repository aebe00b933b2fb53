"""The page about the analysis shows the program's actual output."""

from __future__ import annotations

import re

import duckdb
import pytest

from journeys.documented import PAGE, Example, examples, printed
from journeys.shell import CHECKOUT, Demo

STAR = re.findall(r"```sql\n(.*?)\n```", (CHECKOUT / "docs" / "bi.md").read_text(), re.DOTALL)
"""The queries in docs/bi.md."""


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.query.split("\n")[0])
def test_a_query_prints_the_documented_output(demo: Demo, example: Example) -> None:
    """Every character matches; `python tests/journeys/documented.py` rewrites the page."""
    assert printed(demo.warehouse, example.query) == example.output
    assert max(map(len, example.output.splitlines())) <= 80


def test_every_mart_is_on_the_page() -> None:
    """The page has a query for each mart."""
    queries = " ".join(example.query for example in examples())
    marts = {path.stem for path in (CHECKOUT / "sql" / "models" / "marts").glob("*.sql")}
    named = {mart for mart in marts if f"load_analysis.{mart}" in queries}
    assert {each for each in marts - named if not each.startswith("failure_rates_by_")} == set()
    assert PAGE.read_text().count("## ") > len(examples())


@pytest.mark.parametrize("query", STAR, ids=lambda query: query.split("\n")[0])
def test_a_query_of_the_star_has_rows(demo: Demo, query: str) -> None:
    """The joins on keys find what belongs together, in any program that opens the file."""
    with duckdb.connect(demo.warehouse, read_only=True) as warehouse:
        assert len(warehouse.execute(query).fetchall()) > 1
