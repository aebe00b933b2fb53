"""The tests mirror the packages: each module has a test file of its own name, or one listed
here."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parents[1]
PACKAGES = TESTS.parent / "pipelines"

COVERED_BY = {
    "incorta_loads/__main__.py": "incorta_loads/test_main.py",
    "incorta_loads/choices.py": "incorta_loads/terminal/test_views.py",
    "incorta_loads/comments.py": "incorta_loads/warehouse/test_writing.py",
    "incorta_loads/restarted_ids.py": "incorta_loads/terminal/test_progress.py",
    "incorta_loads/alerts/receivers.py": "incorta_loads/alerts/test_announce.py",
    "incorta_loads/alerts/sent.py": "incorta_loads/alerts/test_events.py",
    "incorta_loads/analysis/names.py": "journeys/test_selection.py",
    "incorta_loads/analysis/plan_card.py": "journeys/test_durations.py",
    "incorta_loads/analysis/table_card.py": "journeys/test_details.py",
    "incorta_loads/analysis/backtest.py": "journeys/test_backtest.py",
    "incorta_loads/analysis/compiled.py": "incorta_loads/analysis/test_build.py",
    "incorta_loads/analysis/dbt.py": "sql/test_dbt.py",
    "incorta_loads/analysis/outcomes.py": "sql/test_status_outcomes.py",
    "incorta_loads/analysis/project.py": "sql/test_project.py",
    "incorta_loads/analysis/rows.py": "incorta_loads/analysis/test_queries.py",
    "incorta_loads/cli/checking.py": "journeys/test_fleet.py",
    "incorta_loads/cli/publishing.py": "journeys/test_publishing.py",
    "incorta_loads/cli/variables.py": "sql/test_project.py",
    "incorta_loads/cli/cluster_options.py": "journeys/test_fleet.py",
    "incorta_loads/cli/commands.py": "journeys/test_pages.py",
    "incorta_loads/cli/first_steps.py": "journeys/test_first_steps.py",
    "incorta_loads/cli/details.py": "journeys/test_details.py",
    "incorta_loads/cli/suggestions.py": "journeys/test_selection.py",
    "incorta_loads/cli/findings.py": "journeys/test_findings.py",
    "incorta_loads/cli/selection.py": "journeys/test_selection.py",
    "incorta_loads/cli/main.py": "journeys/test_exit_codes.py",
    "incorta_loads/cli/options.py": "journeys/test_terminal.py",
    "incorta_loads/cli/reading.py": "journeys/test_commands.py",
    "incorta_loads/cli/runs.py": "journeys/test_run.py",
    "incorta_loads/cli/simulation.py": "journeys/test_package.py",
    "incorta_loads/cli/summary.py": "journeys/test_run.py",
    "incorta_loads/cli/watching.py": "journeys/test_watching.py",
    "incorta_loads/config/certificates.py": "incorta_loads/endpoint/test_local_faults.py",
    "incorta_loads/config/cluster_url.py": "incorta_loads/config/test_settings.py",
    "incorta_loads/config/lookup.py": "incorta_loads/config/test_settings.py",
    "incorta_loads/config/secret_values.py": "incorta_loads/config/test_settings.py",
    "incorta_loads/config/new_files.py": "journeys/test_first_steps.py",
    "incorta_loads/endpoint/fetch_outcomes.py": "incorta_loads/endpoint/test_client.py",
    "incorta_loads/ingest/continuity.py": "incorta_loads/ingest/test_run.py",
    "incorta_loads/ingest/ingested.py": "incorta_loads/ingest/test_run.py",
    "incorta_loads/ingest/cluster_run.py": "incorta_loads/ingest/test_run.py",
    "incorta_loads/ingest/seen_tree.py": "incorta_loads/ingest/test_polling.py",
    "incorta_loads/publication/manifest.py": "incorta_loads/publication/test_files.py",
    "incorta_loads/publication/object_store.py": "journeys/test_object_store.py",
    "incorta_loads/publication/postgres.py": "journeys/test_postgres_publishing.py",
    "incorta_loads/publication/publish.py": "journeys/test_publishing.py",
    "incorta_loads/publication/report/news.py": "incorta_loads/publication/report/test_page.py",
    "incorta_loads/publication/report/sections.py": "incorta_loads/publication/report/test_data.py",
    "incorta_loads/terminal/card_layout.py": "journeys/test_durations.py",
    "incorta_loads/terminal/coverage_view.py": "incorta_loads/terminal/test_views.py",
    "incorta_loads/terminal/execution_view.py": "incorta_loads/terminal/test_views.py",
    "incorta_loads/terminal/plan_card_view.py": "journeys/test_durations.py",
    "incorta_loads/terminal/table_card_view.py": "journeys/test_details.py",
    "incorta_loads/terminal/streams.py": "journeys/test_disk.py",
    "incorta_loads/tree/decoding.py": "incorta_loads/tree/test_flattening.py",
    "incorta_loads/tree/limits.py": "incorta_loads/tree/test_flattening.py",
    "incorta_loads/tree/nodes.py": "incorta_loads/tree/test_flattening.py",
    "incorta_loads/warehouse/executions.py": "journeys/test_commands.py",
    "incorta_loads/warehouse/lakes.py": "journeys/test_lakes.py",
    "incorta_loads/warehouse/memory.py": "journeys/test_memory.py",
    "incorta_loads/warehouse/resources.py": "incorta_loads/test_source.py",
    "incorta_loads/warehouse/states.py": "incorta_loads/ingest/test_known.py",
    "incorta_loads/warehouse/snapshots.py": "incorta_loads/warehouse/test_opening.py",
    "incorta_loads/warehouse/tables.py": "incorta_loads/warehouse/test_writing.py",
    "incorta_simulator/answer.py": "incorta_simulator/faults/test_transport.py",
    "incorta_simulator/question.py": "incorta_simulator/server/test_traffic.py",
    "incorta_simulator/company/execution.py": "incorta_simulator/company/test_elements.py",
    "incorta_simulator/company/plans.py": "incorta_simulator/company/test_elements.py",
    "incorta_simulator/company/tree.py": "incorta_simulator/company/test_elements.py",
    "incorta_simulator/faults/body_cases.py": "incorta_simulator/faults/test_catalogue.py",
    "incorta_simulator/faults/case.py": "incorta_simulator/faults/test_catalogue.py",
    "incorta_simulator/faults/refusal_cases.py": "incorta_simulator/faults/test_catalogue.py",
    "incorta_simulator/faults/wire_cases.py": "incorta_simulator/faults/test_catalogue.py",
}


def test_every_module_has_a_test_file() -> None:
    """The file has the module's name in the same folder, or `COVERED_BY` names it."""
    without = {
        str(module.relative_to(PACKAGES))
        for package in ("incorta_loads", "incorta_simulator")
        for module in (PACKAGES / package).rglob("*.py")
        if module.name != "__init__.py"
        and not (TESTS / module.relative_to(PACKAGES).with_name(f"test_{module.name}")).exists()
    }
    assert without == set(COVERED_BY)
    assert [file for file in COVERED_BY.values() if not (TESTS / file).exists()] == []
