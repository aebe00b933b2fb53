"""The marts without rows, with their names and types, created without a build."""

from __future__ import annotations

import duckdb
import yaml

from incorta_loads.analysis.project import project_directory


def create_empty_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates them in schema `load_analysis`, with the record of a build."""
    for schema in ("load_analysis", "load_analysis_steps"):
        connection.execute(f"CREATE SCHEMA {schema}")
    models = project_directory() / "models"
    states = models / "intermediate" / "alerts" / "int_table_states.yml"  # read by notifications
    for path in [*sorted((models / "marts").glob("*.yml")), states]:
        (model,) = yaml.safe_load(path.read_text())["models"]
        columns = ", ".join(f"{each['name']} {each['data_type']}" for each in model["columns"])
        schema = "load_analysis_steps" if path == states else "load_analysis"
        connection.execute(f"CREATE TABLE {schema}.{model['name']} ({columns})")
    connection.execute(
        "CREATE TABLE load_analysis_steps.build_state (input varchar, state varchar)"
    )
