"""The marts without rows, with their names and types, created without a build."""

from __future__ import annotations

import duckdb
import yaml

from incorta_loads.analysis.project import project_directory


def create_empty_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates them in schema `load_analysis`, with the record of a build."""
    connection.execute("CREATE SCHEMA load_analysis")
    models = project_directory() / "models"
    states = models / "intermediate" / "alerts" / "int_table_states.yml"  # read by notifications
    for path in [*sorted((models / "marts").glob("*.yml")), states]:
        (model,) = yaml.safe_load(path.read_text())["models"]
        columns = ", ".join(f"{each['name']} {each['data_type']}" for each in model["columns"])
        connection.execute(f"CREATE TABLE load_analysis.{model['name']} ({columns})")
    connection.execute("CREATE TABLE load_analysis.build_state (input varchar, state varchar)")
