"""What fails in the load plans, from the published snapshot: `make notebook` opens it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="What fails in the load plans")


@app.cell
def _():
    from pathlib import Path

    import altair as alt
    import duckdb
    import marimo as mo
    import pandas as pd

    return Path, alt, duckdb, mo, pd


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # What fails in the load plans

    Every figure is a row of a mart in the published snapshot; `docs/tables.md` says what each
    column means, and `docs/analysis.md` how it is calculated. An interval is the 95 % Wilson score
    interval: the fewer runs, the wider it is.
    """)
    return


@app.cell
def _(Path, mo):
    # marimo edit notebooks/failure_analysis.py -- --snapshot PATH
    snapshot = Path(mo.cli_args().get("snapshot") or "published/incorta_loads.duckdb")
    return (snapshot,)


@app.cell
def _(duckdb, mo, snapshot):
    mo.stop(
        not snapshot.is_file(),
        mo.md(
            f"There is no snapshot at `{snapshot.absolute()}`: run `incorta-loads run`, or name "
            "one with `-- --snapshot PATH`."
        ),
    )
    # A publication replaces the file by a rename, so runs go on while the notebook reads.
    warehouse = duckdb.connect(str(snapshot), read_only=True)
    return (warehouse,)


@app.cell
def _(mo, warehouse):
    coverage = mo.sql(
        """
        SELECT
            *,
            -- rounded down: 100 % is all of them
            floor(1000 * loaded / nullif(ids_asked - not_found, 0)) / 10 AS percent_here
        FROM load_analysis.coverage
        ORDER BY cluster, tenant
        """,
        output=False,
        engine=warehouse,
    )
    return (coverage,)


@app.cell
def _(coverage, mo):
    # executions of different clusters cannot be compared, and their names may be the same
    _places = {
        f"{row.cluster}, {row.tenant}": [row.cluster, row.tenant] for row in coverage.itertuples()
    }
    place = mo.ui.dropdown(_places, value=next(iter(_places), None), label="Cluster, tenant")
    place
    return (place,)


@app.cell
def _(place):
    def here(rows):
        """The rows of the chosen cluster and tenant."""
        if place.value is None:
            return rows
        cluster, tenant = place.value
        return rows[(rows["cluster"] == cluster) & (rows["tenant"] == tenant)]

    return (here,)


@app.cell
def _(here, mo, warehouse):
    health = here(
        mo.sql(
            """
        SELECT
            health.*,
            regressions.verdict,
            regressions.recent_runs,
            regressions.recent_errors,
            regressions.recent_error_rate,
            regressions.baseline_runs,
            regressions.baseline_errors,
            regressions.baseline_error_rate,
            regressions.recent_trials,
            regressions.recent_starts,
            regressions.baseline_trials,
            regressions.baseline_starts,
            regressions.p_value,
            regressions.since_execution_id,
            regressions.changed_after_execution_id,
            regressions.changed_by_execution_id
        FROM load_analysis.table_health AS health
        INNER JOIN load_analysis.table_regressions AS regressions
            ON
                health.cluster = regressions.cluster
                AND health.tenant = regressions.tenant
                AND health.schema_name IS NOT DISTINCT FROM regressions.schema_name
                AND health.table_name IS NOT DISTINCT FROM regressions.table_name
        ORDER BY worst_rank NULLS LAST
        """,
            output=False,
            engine=warehouse,
        )
    )
    return (health,)


@app.cell
def _(coverage, health, here, mo):
    broken = health[health["is_broken"]]
    worse = health[(health["verdict"] == "regressed") & ~health.index.isin(broken.index)]
    loaded = ", ".join(
        f"{row.percent_here:.1f} % of the requested ids that exist are loaded "
        f"({row.cluster}, tenant {row.tenant})"
        for row in here(coverage).itertuples()
    )
    state = f"Tables that are broken: {len(broken)}; worse than before: {len(worse)}; {loaded}."
    mo.callout(mo.md(state), kind="danger" if len(broken) + len(worse) else "success")
    return broken, state, worse


@app.cell
def _(here, mo, warehouse):
    by_plan = here(
        mo.sql(
            """
        SELECT cluster, tenant, load_plan, schema_name, table_name
        FROM load_analysis.failure_rates_by_plan_and_table
        """,
            output=False,
            engine=warehouse,
        )
    )
    return (by_plan,)


@app.cell
def _(by_plan, mo):
    plan = mo.ui.dropdown(sorted(by_plan["load_plan"].dropna().unique()), label="Load plan")
    schema = mo.ui.dropdown(sorted(by_plan["schema_name"].dropna().unique()), label="Schema")
    table = mo.ui.text(label="Table", placeholder="part of a name", debounce=True)
    mo.hstack([plan, schema, table], justify="start")
    return plan, schema, table


@app.cell
def _(by_plan, plan, schema, table):
    key = ["cluster", "tenant", "schema_name", "table_name"]

    def chosen(rows, schema_name="schema_name", table_name="table_name"):
        """The rows of the tables that are chosen above; all rows if nothing is chosen."""
        if plan.value:
            of_plan = by_plan.loc[by_plan["load_plan"] == plan.value, key].drop_duplicates()
            on = ["cluster", "tenant", schema_name, table_name]
            rows = rows.merge(of_plan, left_on=on, right_on=key, suffixes=("", "_of_plan"))
        if schema.value:
            rows = rows[rows[schema_name] == schema.value]
        if table.value:
            names = rows[table_name].fillna("")
            rows = rows[names.str.contains(table.value, case=False, regex=False)]
        return rows

    return (chosen,)


@app.cell
def _(mo):
    def listed(rows, columns):
        """Some columns as a table that sorts and searches; fractions with three digits."""
        shown = rows[columns].reset_index(drop=True)
        fractions = [name for name in shown.select_dtypes("float") if not name.endswith("_id")]
        formats = dict.fromkeys(fractions, "{:.3g}".format)
        return mo.ui.table(shown, selection=None, format_mapping=formats)

    return (listed,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What fails most, and how sure are we?

    Errors in all counted runs, sorted by the lower end of the interval, so that one error in one
    run does not lead.
    """)
    return


@app.cell
def _(here, mo, warehouse):
    rates = here(
        mo.sql(
            """
        SELECT *
        FROM load_analysis.failure_rates_by_table
        WHERE counted > 0
        ORDER BY error_rate_low DESC, counted DESC, schema_name, table_name
        """,
            output=False,
            engine=warehouse,
        )
    )
    return (rates,)


@app.cell
def _(alt, chosen, rates):
    def rate_chart(rows, most=25):
        """Error rates as points on their intervals, the worst above."""
        bars = alt.Chart(rows.head(most)).encode(
            y=alt.Y("table_name:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
            tooltip=["schema_name", "table_name", "errors", "counted", "error_rate"],
        )
        axis = alt.Axis(format="%", title="error rate, with its 95 % interval")
        interval = bars.mark_rule(strokeWidth=3, opacity=0.5).encode(
            x=alt.X("error_rate_low:Q", axis=axis, scale=alt.Scale(domain=[0, 1])),
            x2="error_rate_high:Q",
        )
        points = bars.mark_point(filled=True, size=50, opacity=1).encode(x="error_rate:Q")
        return (interval + points).properties(width="container")

    failing = chosen(rates[rates["errors"] > 0])
    rate_chart(failing)
    return (failing,)


@app.cell
def _(failing, listed):
    listed(
        failing,
        [
            "schema_name",
            "table_name",
            "errors",
            "counted",
            "error_rate",
            "error_rate_low",
            "error_rate_high",
            "last_success_execution_id",
        ],
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Since when?

    Tables that are broken now: the last three or more counted runs were in error, or the table has
    five or more counted runs and none of them succeeded. Below, each streak of errors is a bar
    over the executions.
    """)
    return


@app.cell
def _(broken, chosen, listed):
    listed(
        chosen(broken),
        [
            "schema_name",
            "table_name",
            "behaviour",
            "failing_since_execution_id",
            "current_streak",
            "last_success_execution_id",
            "errors",
            "counted",
        ],
    )
    return


@app.cell
def _(here, mo, warehouse):
    episodes = here(
        mo.sql(
            """
        SELECT *
        FROM load_analysis.failure_episodes
        ORDER BY last_execution_id DESC, errors DESC, schema_name, table_name
        """,
            output=False,
            engine=warehouse,
        )
    )
    return (episodes,)


@app.cell
def _(alt, chosen, episodes):
    streaks = alt.Chart(chosen(episodes).head(200), width="container").encode(
        x=alt.X("first_execution_id:Q", title="execution", scale=alt.Scale(zero=False)),
        y=alt.Y("table_name:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
        color=alt.Color("is_open:N", title="still fails"),
        tooltip=["table_name", "first_execution_id", "last_execution_id", "errors", "is_open"],
    )
    # one error is a bar without a length, so each has a point where it begins
    streaks.mark_rule(strokeWidth=6).encode(x2="last_execution_id:Q") + streaks.mark_point(
        filled=True, opacity=1
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Is it worse than before?

    `regressed`: errors start more often after successes than chance explains, since
    `since_execution_id` (the change lies after `changed_after_execution_id` and not later than
    `changed_by_execution_id`). `outage`: more errors, but one streak or a few explain them.
    """)
    return


@app.cell
def _(chosen, health, listed):
    changed = chosen(health[health["verdict"].isin(["regressed", "outage", "improved"])])
    changed = changed.sort_values("p_value")
    listed(
        changed,
        [
            "schema_name",
            "table_name",
            "verdict",
            "behaviour",
            "recent_errors",
            "recent_runs",
            "baseline_errors",
            "baseline_runs",
            "recent_starts",
            "recent_trials",
            "p_value",
            "since_execution_id",
            "changed_after_execution_id",
            "changed_by_execution_id",
        ],
    )
    return (changed,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## When, and how long?

    Incorta gives no times. What was running at one look and ended at the next one ended between
    the two: a bar reaches from the shortest duration that is possible to the longest.
    """)
    return


@app.cell
def _(here, mo, plan, warehouse):
    def of_plan(query):
        """The rows of the chosen cluster and load plan."""
        rows = here(mo.sql(query, output=False, engine=warehouse))
        return rows[rows["load_plan"] == plan.value] if plan.value else rows

    days = of_plan("SELECT * FROM load_analysis.failures_by_day ORDER BY day, load_plan")
    times = of_plan("SELECT * FROM load_analysis.execution_times ORDER BY execution_id")
    slowest = of_plan(
        "SELECT * FROM load_analysis.table_durations ORDER BY median_longest_seconds DESC"
    )
    known_times = (
        f"Durations are known of {times['longest_seconds'].notna().sum()} of {len(times)} "
        "executions; the others were not seen before their start and after their end."
    )
    mo.md(known_times)
    return days, known_times, slowest, times


@app.cell
def _(alt, days, mo):
    dated = days[days["day"].notna()]
    mo.stop(dated.empty)
    alt.Chart(dated, width="container").mark_bar().encode(
        x=alt.X("yearmonthdate(day):O", title="day"),
        y=alt.Y("errors:Q", title="executions in error"),
        color=alt.Color("load_plan:N", title="load plan"),
        tooltip=["load_plan", "day", "errors", "counted"],
    )
    return


@app.cell
def _(alt, mo, times):
    timed = times[times["longest_seconds"].notna()].tail(300)
    mo.stop(timed.empty)
    alt.Chart(timed, width="container").mark_bar(width=4).encode(
        x=alt.X("execution_id:Q", title="execution", scale=alt.Scale(zero=False)),
        y=alt.Y("shortest_seconds:Q", title="seconds, from shortest to longest"),
        y2="longest_seconds:Q",
        color=alt.Color("load_plan:N", title="load plan"),
        tooltip=["load_plan", "execution_id", "outcome", "shortest_seconds", "longest_seconds"],
    )
    return


@app.cell
def _(listed, slowest):
    listed(
        slowest,
        [
            "load_plan",
            "schema_name",
            "table_name",
            "runs",
            "median_shortest_seconds",
            "median_longest_seconds",
            "last_shortest_seconds",
            "last_longest_seconds",
            "verdict",
            "share_of_plan",
        ],
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What fails together?

    Pairs of tables that begin to fail in the same executions more often than chance explains.
    """)
    return


@app.cell
def _(here, mo, warehouse):
    together = here(
        mo.sql(
            """
        SELECT *
        FROM load_analysis.co_failures
        ORDER BY p_adjusted, table_name_a, table_name_b
        """,
            output=False,
            engine=warehouse,
        )
    )
    return (together,)


@app.cell
def _(chosen, listed, pd, together):
    pairs = pd.concat(
        [
            chosen(together, "schema_name_a", "table_name_a"),
            chosen(together, "schema_name_b", "table_name_b"),
        ]
    )
    pairs = pairs[list(together.columns)].drop_duplicates()
    listed(
        pairs,
        ["table_name_a", "table_name_b", "starts_both", "expected", "executions", "p_adjusted"],
    )
    return (pairs,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What to fix first?

    Causes, ordered by how many recent executions failed because of them. The line is the share
    of failed executions that would be clean if this cause and all above it were fixed. This chart
    always has all tables, because shares of a subset would mislead.
    """)
    return


@app.cell
def _(here, mo, warehouse):
    fix_first = here(
        mo.sql(
            """
        SELECT
            cluster,
            tenant,
            fix_rank,
            type,
            coalesce(table_name, schema_name, name) AS cause,
            executions_failed,
            executions_only_cause,
            share_of_failed_executions,
            cumulative_clean_share,
            last_execution_id
        FROM load_analysis.fix_first
        ORDER BY fix_rank
        """,
            output=False,
            engine=warehouse,
        )
    )
    return (fix_first,)


@app.cell
def _(alt, fix_first):
    first_causes = alt.Chart(fix_first.head(20)).encode(
        y=alt.Y("cause:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
        tooltip=["cause", "executions_failed", "executions_only_cause", "cumulative_clean_share"],
    )
    share = alt.Axis(format="%", title="share of failed executions")
    made_fail = first_causes.mark_bar(opacity=0.5).encode(
        x=alt.X("share_of_failed_executions:Q", axis=share, scale=alt.Scale(domain=[0, 1]))
    )
    clean = first_causes.mark_line(point=True).encode(
        x="cumulative_clean_share:Q", order="fix_rank:Q"
    )
    (made_fail + clean).properties(width="container")
    return


@app.cell
def _(fix_first, listed):
    listed(fix_first, list(fix_first.columns[2:]))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## How complete is the data?

    The ids between the lowest and the highest loaded execution, and why some of them are missing.
    """)
    return


@app.cell
def _(coverage, listed):
    listed(coverage, list(coverage.columns))
    return


@app.cell
def _(here, mo, warehouse):
    gaps = here(
        mo.sql(
            """
        SELECT *
        FROM load_analysis.gaps
        ORDER BY first_id
        """,
            engine=warehouse,
        )
    )
    return (gaps,)


if __name__ == "__main__":
    app.run()
