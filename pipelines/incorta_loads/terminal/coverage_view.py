"""Prints which ids were requested and what came back."""

from __future__ import annotations

from incorta_loads.analysis.rows import Rows
from incorta_loads.choices import Format
from incorta_loads.endpoint.fetch_outcomes import FETCH_OUTCOMES
from incorta_loads.ingest.known import AGED_AFTER
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.terminal.printing import print_line, print_rows
from incorta_loads.text import counted, in_utc, listed


def show_coverage(found: Rows, statuses: Rows, types: Rows, output: Format) -> None:
    """Prints the requested ids and their results.

    The format for people has one paragraph per cluster and tenant.

    Args:
        found: the coverage.
        statuses: statuses that no rule matches.
        types: types without a rule.
        output: the output format; only the table format shows more than the coverage.
    """
    if output is not Format.TABLE:
        print_rows(found, output)
        return
    if not found.rows:
        print_line("No id was requested yet.")
    for row in found.rows:
        print_line(f"Coverage of {row['cluster']}, tenant {row['tenant']}", "bold")
        counts = listed(row, FETCH_OUTCOMES)
        asked = counted(row["ids_asked"], "id")
        print_line(f"{asked} requested: {counts or 'no responses'}.")
        if row["lowest_loaded_id"] is not None:
            print_line(
                f"Executions {row['lowest_loaded_id']} to {row['highest_loaded_id']}, with "
                f"{counted(row['ids_missing'], 'id')} missing between them; "
                f"{row['executions_not_final']} not final."
            )
        print_line(f"Looked for executions up to id {row['highest_asked_id']}.")
        if row["ids_restarted"]:
            print_line(str(RestartedIds(row["cluster"], row["tenant"], row["highest_loaded_id"])))
        if row["aged"]:
            are = "is" if row["aged"] == 1 else "are"
            print_line(
                f"{counted(row['aged'], 'id')} without a final result after {AGED_AFTER.days} days "
                f"{are} skipped unless named with --ids."
            )
        print_line(f"Last response: {in_utc(row['last_fetched_at'])}.")
    if statuses.rows:
        print_rows(statuses, output, title="Statuses without a rule (outcome unknown)")
    if types.rows:
        print_rows(types, output, title="Types without a rule, and what they are counted as")
