"""Rules for run ids."""

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


def test_a_run_id_is_the_start_in_utc_with_a_random_suffix() -> None:
    """It is readable and has the same width for any number of microseconds."""
    began = datetime(2026, 11, 23, 23, 43, 45, 6, tzinfo=timezone(timedelta(hours=2)))
    assert re.fullmatch(r"20261123T214345\.000006Z-[0-9a-f]{8}", new_run_id(began))


def test_simultaneous_runs_have_different_ids() -> None:
    """The random suffix distinguishes them."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert len({new_run_id(now) for _ in range(50)}) == 50


def test_the_start_defaults_to_the_current_time() -> None:
    """Without a time, the run id has the current one."""
    before = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    name = new_run_id()
    after = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    assert before <= name[:23] <= after


@given(moments, moments)
def test_run_ids_sort_by_time(one: datetime, other: datetime) -> None:
    """The earlier run has the lesser id, whatever the time zones."""
    earlier, later = sorted((one.astimezone(UTC), other.astimezone(UTC)))
    begins = new_run_id(earlier)[:23], new_run_id(later)[:23]
    assert (begins[0] < begins[1]) == (earlier < later)
    assert (new_run_id(one)[:23] < new_run_id(other)[:23]) == (
        one.astimezone(UTC) < other.astimezone(UTC)
    )
