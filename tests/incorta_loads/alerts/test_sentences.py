"""Rules for the words in which changes are reported."""

from __future__ import annotations

from dataclasses import replace

from incorta_loads.alerts.events import Change
from incorta_loads.alerts.sentences import sentences

BROKEN = Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 3, 3, 0, 40)


def broken(name: str, since: int, *, schema: str = "s", incident: int | None = None) -> Change:
    """A broken table, of an incident between executions 80 and 85 or of none."""
    return replace(
        BROKEN,
        schema_name=schema,
        table_name=name,
        since_execution_id=since,
        incident_execution_id=incident,
        broke_after_execution_id=incident and 80,
        broke_by_execution_id=incident and 85,
    )


def said(*changes: Change, most: int = 20) -> list[str]:
    """The lines, without the counts of single tables."""
    return [line.split(" since execution")[0] for line in sentences(changes, most)]


def test_the_tables_of_an_incident_are_one_line() -> None:
    """The line has the bounds of the incident, and names the first tables."""
    tables = [broken(f"t{number}", 85, schema=f"s{number}", incident=85) for number in range(13)]
    [line] = said(*tables)
    assert line == (
        "13 tables of 13 schemas broke after 80 and by 85, open: s0.t0, s1.t1, s2.t2, s3.t3, s4.t4 "
        "and 8 more (incident 85)"
    )


def test_incidents_of_two_tenants_are_two_lines() -> None:
    """Ids of one tenant mean nothing in another."""
    there = [broken("a", 85, incident=85), broken("b", 85, incident=85)]
    elsewhere = [replace(each, tenant="u") for each in there]
    assert len(said(*there, *elsewhere)) == 2


def test_the_last_table_of_an_incident_has_its_own_sentence() -> None:
    """It may become broken runs after the others."""
    assert said(broken("s.a", 85, incident=85)) == ["s.a is broken"]


def test_new_changes_come_first_and_large_ones_first_among_them() -> None:
    """The order of the names does not matter."""
    incident = [broken("s.x", 85, incident=85), broken("s.y", 85, incident=85)]
    assert [line[:3] for line in said(broken("s.a", 10), broken("s.b", 85), *incident)] == [
        "2 t",
        "s.b",
        "s.a",
    ]


def test_tables_beyond_the_limit_are_counted() -> None:
    """An incident counts with all its tables."""
    incident = [broken("s.x", 60, incident=60), broken("s.y", 60, incident=60)]
    found = said(broken("s.a", 90), broken("s.b", 80), *incident, most=1)
    assert found == ["s.a is broken", "and 3 more: incorta-loads changes"]


def test_what_never_worked_is_the_last_line() -> None:
    """A limit does not cut it off."""
    never = [replace(broken(name, 90), state="always_failing") for name in ("s.x", "s.y")]
    assert said(*never, broken("s.a", 10), broken("s.b", 9), most=1) == [
        "s.a is broken",
        "and 1 more: incorta-loads changes",
        "2 tables never worked: s.x, s.y",
    ]
