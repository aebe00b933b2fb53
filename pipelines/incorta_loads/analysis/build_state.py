"""Records a fingerprint of the models and variables behind the current analysis tables.

Some tables are kept between builds and hold rows from earlier ones. Those rows are valid only while
the models and variables stay the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from incorta_loads.errors import ModelsError, one_line

_READ = "SELECT fingerprint FROM load_analysis.build_state"
_KEEP = "CREATE OR REPLACE TABLE load_analysis.build_state AS SELECT $fingerprint AS fingerprint"
_INTERMEDIATE = """
SELECT table_name, if(table_type = 'VIEW', 'VIEW', 'TABLE')
FROM information_schema.tables
WHERE
    table_catalog = current_database() AND table_schema = 'load_analysis'
    AND starts_with(table_name, 'int_')
"""
_DESCRIBE = """
COMMENT ON TABLE load_analysis.build_state IS 'One row: by what the other tables were built.';
COMMENT ON COLUMN load_analysis.build_state.fingerprint IS
    'Changes with the SQL models and their variables; then all tables are built from nothing.';
"""


class BuildState:
    """The record of the last build in a warehouse.

    Args:
        database: the DuckDB file.
        project: directory of the dbt project.
        variables: dbt variables of the build.
    """

    def __init__(self, database: Path, project: Path, variables: Mapping[str, object]) -> None:
        self._database = database
        self._fingerprint = _fingerprint(project, variables)

    def is_kept(self) -> bool:
        """Returns whether the existing tables may be kept.

        If they may not, the record is deleted until `keep` is called. A full rebuild may be killed
        halfway, and its tables then match neither the old fingerprint nor the new one.

        Raises:
            ModelsError: the file cannot be opened or written.
        """
        with _opened(self._database) as warehouse:
            try:
                (found,) = warehouse.execute(_READ).fetchone() or (None,)
            except duckdb.CatalogException:
                return False
            if found != self._fingerprint:
                warehouse.execute("DROP TABLE load_analysis.build_state")
            return bool(found == self._fingerprint)

    def keep(self, models: Collection[str]) -> None:
        """Records a successful build and drops relations left by an older version.

        Args:
            models: names of all models in the project. Other relations whose names begin with
                `int_` are former models and are dropped. Users' own relations stay.

        Raises:
            ModelsError: the file cannot be opened or written.
        """
        with _opened(self._database) as warehouse:
            warehouse.execute(_KEEP, {"fingerprint": self._fingerprint})
            warehouse.execute(_DESCRIBE)
            for name, kind in warehouse.execute(_INTERMEDIATE).fetchall():
                if name not in models:
                    warehouse.execute(f'DROP {kind} load_analysis."{name}"')


@contextmanager
def _opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(str(database)) as warehouse:
            yield warehouse
    except duckdb.Error as error:
        raise ModelsError(f"the SQL models could not be run: {one_line(error)}") from error


def _fingerprint(project: Path, variables: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(dict(variables), sort_keys=True).encode())
    for path in sorted(project.rglob("*")):
        if path.suffix in (".sql", ".yml"):
            digest.update(f"\0{path.relative_to(project)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
