"""The page about the analysis says what the program prints."""

from __future__ import annotations

import pytest

from journeys.documented import PAGE, Example, examples, printed
from journeys.shell import CHECKOUT, Demo


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.query.split("\n")[0])
def test_a_query_prints_what_the_page_says(demo: Demo, example: Example) -> None:
    """To the last character; `python tests/journeys/documented.py` writes it anew."""
    assert printed(demo.warehouse, example.query) == example.output
    assert max(map(len, example.output.splitlines())) <= 80


def test_every_mart_is_on_the_page() -> None:
    """With a query that reads it."""
    queries = " ".join(example.query for example in examples())
    marts = {path.stem for path in (CHECKOUT / "sql" / "models" / "marts").glob("*.sql")}
    named = {mart for mart in marts if f"load_analysis.{mart}" in queries}
    assert {each for each in marts - named if not each.startswith("failure_rates_by_")} == set()
    assert PAGE.read_text().count("## ") > len(examples())
