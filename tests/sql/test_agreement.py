"""The models and the program agree on shared constants."""

from __future__ import annotations

from incorta_loads.analysis.project import project_variables
from incorta_loads.config.settings import Settings
from incorta_loads.ingest.feed import MOST_GAPS
from incorta_loads.ingest.known import AGED_AFTER


def test_coverage_uses_the_same_limits_as_a_run() -> None:
    """The limits are those for ids that are no longer requested and for the end of probing."""
    variables = project_variables()
    assert variables["aged_after_days"] == AGED_AFTER.days
    assert variables["most_probe_gaps"] == MOST_GAPS
    defaults = Settings("https://c", "t", "token", "c")
    assert (variables["first_id"], variables["probe_gap"]) == (
        defaults.first_id,
        defaults.probe_gap,
    )
