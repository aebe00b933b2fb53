"""Loads twice into a new warehouse, as a process; prints the tables and dlt's look-ups.

    python two_loads.py DATABASE command|someone   PYTHONPATH=tests

With `command`, dlt has the run context of a command; with `someone`, its own, as in any other
pipeline. The JSON object has the rows of `tables`, or `error`. It also has the configuration that
dlt resolved: `variables`, the names looked up in the environment with their types, and `fields`,
by class.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.specs import BaseConfiguration

from incorta_loads.config import run_context
from incorta_loads.warehouse.writing import open_for_writing
from support.base_rows import batch_of

variables: dict[str, str] = {}
fields: dict[str, list[str]] = {}
TREE = b'{"name":"%d","type":"LOAD_PLAN","childStatusDetails":[{"name":"a","type":"TABLE"}]}'


def recorded() -> None:
    """Records all look-ups in dlt's own classes."""
    get_value, resolve = EnvironProvider.get_value, BaseConfiguration.resolve

    def look_up(self: Any, key: str, hint: Any, pipeline: str, *sections: str) -> Any:
        variables[self.get_key_name(key, pipeline, *sections)] = str(hint)
        return get_value(self, key, hint, pipeline, *sections)

    def resolved(self: Any) -> Any:
        kind = type(self)
        fields[f"{kind.__module__}.{kind.__qualname__}"] = sorted(kind.get_resolvable_fields())
        return resolve(self)

    classes: Any = EnvironProvider, BaseConfiguration
    classes[0].get_value, classes[1].resolve = look_up, resolved


def main(database: Path, whose: str) -> None:
    recorded()
    if whose == "someone":
        run_context.nothing_configures_dlt = nullcontext  # type: ignore[assignment]
    found: dict[str, Any] = {}
    try:
        with open_for_writing(database, 5) as warehouse:
            warehouse.load(batch_of("r1", 1, trees={each: TREE % each for each in (1, 2, 3)}))
            warehouse.load(
                batch_of(
                    "r2",
                    2,
                    trees={3: TREE % 30, 4: TREE % 4},
                    bodies={5: b"?"},
                    others={6: "rejected"},
                )
            )
            tables = ("nodes", "fetches", "invalid_payloads")
            found["tables"] = {
                table: warehouse.connection.execute(
                    f"SELECT * FROM load_status.{table} ORDER BY ALL"
                ).fetchall()
                for table in tables
            }
            found["columns"] = warehouse.connection.execute(
                "SELECT table_name, column_name, data_type FROM duckdb_columns() "
                "WHERE schema_name = 'load_status' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\' "
                "ORDER BY ALL"
            ).fetchall()
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the result)
        found["error"] = f"{type(error).__name__}: {error}"
    sys.stdout.write(json.dumps({**found, "variables": variables, "fields": fields}, default=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
