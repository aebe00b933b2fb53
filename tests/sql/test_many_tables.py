"""Of very many tables, only those that fail most often are compared with each other."""

from __future__ import annotations

import random

from sql.base_rows import History
from sql.comparison import differing
from sql.compiled import Model, built_in_memory
from sql.reference.reading import Reading
from sql.sketches import sketch

EXECUTIONS = 100


def _failing_at(places: list[int]) -> str:
    return "".join("X" if place in places else "." for place in range(EXECUTIONS))


def test_the_two_hundred_with_most_episodes_are_compared(compiled: list[Model]) -> None:
    """Of three tables that fail less often than 198 others, the last by name is left out."""
    draw = random.Random(20261105)
    evens = range(0, EXECUTIONS, 2)
    letters = {f"t{n}": _failing_at(draw.sample(evens, 5)) for n in range(198)}
    letters |= dict.fromkeys(("y1", "y2", "y3"), _failing_at([11, 31, 51, 71]))
    history = History(sketch("t", letters), [])
    wanted = Reading(history).mart("co_failures")
    pairs = [(row["table_name_a"], row["table_name_b"]) for row in wanted]
    assert [pair for pair in pairs if pair[1].startswith("y")] == [("y1", "y2")]
    with built_in_memory(compiled, history) as warehouse:
        assert differing(warehouse, "co_failures", wanted) == []
