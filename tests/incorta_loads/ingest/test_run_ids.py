"""Rules of the names of runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.ingest.run_ids import new_run_id

moments = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
    timezones=st.timezones(),
)


def test_a_name_is_the_beginning_in_utc_and_a_random_end() -> None:
    """Readable, the same width whatever the microseconds."""
    began = datetime(2026, 11, 23, 23, 43, 45, 6, tzinfo=timezone(timedelta(hours=2)))
    assert re.fullmatch(r"20261123T214345\.000006Z-[0-9a-f]{8}", new_run_id(began))


def test_two_runs_of_one_moment_have_two_names() -> None:
    """The random end tells them apart."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert len({new_run_id(now) for _ in range(50)}) == 50


def test_a_name_of_now_has_the_time_of_now() -> None:
    """Without a time it is the present one."""
    before = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    name = new_run_id()
    after = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    assert before <= name[:23] <= after


@given(moments, moments)
def test_names_sort_by_time(one: datetime, other: datetime) -> None:
    """Of two runs the earlier one has the lesser name, in whatever zones they began."""
    earlier, later = sorted((one.astimezone(UTC), other.astimezone(UTC)))
    begins = new_run_id(earlier)[:23], new_run_id(later)[:23]
    assert (begins[0] < begins[1]) == (earlier < later)
    assert (new_run_id(one)[:23] < new_run_id(other)[:23]) == (
        one.astimezone(UTC) < other.astimezone(UTC)
    )
