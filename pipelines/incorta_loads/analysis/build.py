"""Builds the analysis: runs the compiled SQL models on the warehouse, in one transaction.

    build_models(Path("incorta_loads.duckdb"))

The tables in schema `load_status` must exist. The models are built in schemas `load_analysis` and
`load_analysis_steps`. A build that fails or is killed leaves the analysis as it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from incorta_loads.comments import set_comments
from incorta_loads.errors import ModelsError, one_line
from incorta_loads.text import counted

if TYPE_CHECKING:
    import duckdb

    from incorta_loads.analysis.compiled import CompiledProject, DataTest, Model

logger = logging.getLogger(__name__)

# DuckDB would take most of the machine's memory; what needs more goes through the disk. Its
# optimizer takes tables that this transaction created for empty, and would hash the larger side of
# a join; the models name the larger relation first.
_SETTINGS = """
SET memory_limit = '1200MB';
SET disabled_optimizers = 'join_order, build_side_probe_side';
"""

_RELATIONS = """
SELECT table_schema, table_name, if(table_type = 'VIEW', 'VIEW', 'TABLE')
FROM information_schema.tables
WHERE table_catalog = current_database() AND table_schema LIKE 'load_analysis%'
"""
_FORMER = ("build_state", "status_outcomes", "stg_fetches", "stg_nodes", "type_roles")
"""Relations beside the marts that older versions had in schema `load_analysis`."""

_COLUMNS = """
SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name LIKE 'load_analysis%'
ORDER BY schema_name, table_name, column_index
"""


@dataclass(frozen=True, slots=True)
class ModelsBuilt:
    """Result of a build.

    Attributes:
        models: Number of relations built; 0 if nothing had changed.
        tests: Number of data tests that passed.
        seconds: Wall time of the whole build.
    """

    models: int
    tests: int
    seconds: float


def build_models(
    database: Path,
    *,
    variables: Mapping[str, object] | None = None,
    on_demand: bool = False,
    run_tests: bool = True,
) -> ModelsBuilt:
    """Builds every model that depends on something that changed, and tests them.

    Args:
        database: The DuckDB file. This process may have it open for writing; no other process may.
        variables: Override the `vars` in `sql/dbt_project.yml`.
        on_demand: Whether models tagged `on_demand` become tables. Otherwise those that depend on
            something that changed become views, which cost nothing until they are read.
        run_tests: Whether to run the data tests.

    Raises:
        ModelsError: A model or a test failed. The analysis is as it was before.
        KeyboardInterrupt, SystemExit: A signal handler raised it. The analysis is as it was before.
    """
    # DuckDB takes a while to import, and --help does not need it
    from incorta_loads.analysis.compiled import compiled_project  # noqa: PLC0415

    started = time.perf_counter()
    with _opened(database) as connection:
        compiled = compiled_project(database, variables or {})
        with _transaction(connection):
            models, tests = build_in(connection, compiled, on_demand=on_demand, run_tests=run_tests)
    return ModelsBuilt(models, tests, time.perf_counter() - started)


def build_in(
    connection: duckdb.DuckDBPyConnection,
    compiled: CompiledProject,
    *,
    on_demand: bool = False,
    run_tests: bool,
) -> tuple[int, int]:
    """Builds what is due through this connection and returns the numbers of models and tests."""
    from incorta_loads.analysis import build_state  # noqa: PLC0415 (DuckDB; not for --help)
    from incorta_loads.analysis.compiled import Model  # noqa: PLC0415

    models = [step for step in compiled.steps if isinstance(step, Model)]
    for schema in {build_state.RELATION[0], *(model.schema for model in models)}:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    kinds = {tuple(key): kind for *key, kind in connection.execute(_RELATIONS).fetchall()}
    recorded = build_state.recorded_inputs(connection)
    with _failing("input", "load_status"):
        sources = build_state.present_sources(connection)
    is_same_project = recorded.get("models") == compiled.fingerprint and all(
        kinds.get(model.key) in _kinds(model) for model in models
    )
    due = {step.name for step in compiled.steps}
    if is_same_project:
        changed = [name for name in sources if sources[name] != recorded.get(name)]
        due = {name for source in changed for name in compiled.below[source]}
    if on_demand and any(
        model.is_on_demand and kinds.get(model.key) != "TABLE" for model in models
    ):
        due |= {step.name for step in compiled.steps if step.is_on_demand}
    steps = [step for step in compiled.steps if step.name in due]
    built = [step for step in steps if isinstance(step, Model)]
    passed = 0
    for step in steps:
        if isinstance(step, Model):
            kind = _kinds(step)[0 if on_demand else -1]
            _build_model(connection, step, kind, kinds.get(step.key), is_kept=is_same_project)
        elif run_tests and (on_demand or not step.is_on_demand):
            _run_test(connection, step)
            passed += 1
    _check_contracts(connection, built)
    _comment(connection, built)
    if not is_same_project:
        _drop_former_models(
            connection, kinds, {build_state.RELATION, *(model.key for model in models)}
        )
    if due or not is_same_project:
        # what was not tested is due again
        tested = sources if run_tests else {}
        build_state.record_inputs(connection, {"models": compiled.fingerprint, **tested})
    return len(built), passed


def _build_model(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    kind: str,
    former_kind: str | None,
    *,
    is_kept: bool,
) -> None:
    """Creates a relation anew, or updates it if the same version of the models made its rows."""
    logger.debug("building %s", model.name)
    relation = _relation(*model.key)
    build = f"CREATE OR REPLACE {kind} {relation} AS {model.query}"
    with _failing("model", model.name):
        if former_kind is not None and former_kind != kind:
            connection.execute(f"DROP {former_kind} {relation}")
        if model.kept is None:
            connection.execute(build)
            return
        keys = ", ".join(model.kept.keys)
        current = f"SELECT {keys} FROM {model.kept.current} WHERE {model.kept.of_current}"  # noqa: S608
        missing = current
        if is_kept:
            present = f"SELECT {keys} FROM {relation} WHERE {model.kept.of_table}"  # noqa: S608
            stale = f"({keys}) IN ({present} EXCEPT {current})"
            connection.execute(f"DELETE FROM {relation} WHERE {stale}")  # noqa: S608
            missing = f"{current} EXCEPT {present}"
            build = f"INSERT INTO {relation} {model.query}"
        connection.execute(f'CREATE TEMP TABLE "missing_{model.name}" AS {missing}')
        connection.execute(build)
        connection.execute(f'DROP TABLE "missing_{model.name}"')


def _run_test(connection: duckdb.DuckDBPyConnection, test: DataTest) -> None:
    logger.debug("testing %s", test.name)
    query = f"SELECT count(*) FROM ({test.query})"  # noqa: S608
    with _failing("test", test.name):
        (rows,) = connection.execute(query).fetchone() or (0,)
    if rows:
        against = counted(rows, "row")
        raise ModelsError(f"the SQL test {test.name} failed: {against} against its rule")


def _check_contracts(connection: duckdb.DuckDBPyConnection, built: Collection[Model]) -> None:
    """Raises an error if a model does not have the columns and types of its contract."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, relation, column, data_type in connection.execute(_COLUMNS).fetchall():
        found.setdefault((schema, relation), {})[column] = data_type
    for model in built:
        if model.types and [*model.types.items()] != [*found[model.key].items()]:
            wrong = set(model.types.items()) ^ set(found[model.key].items())
            columns = ", ".join(sorted({column for column, _ in wrong})) or "their order"
            raise ModelsError(
                f"the SQL model {model.name} failed: it differs from its contract in {columns}"
            )


def _comment(connection: duckdb.DuckDBPyConnection, built: Collection[Model]) -> None:
    """Sets the descriptions of models and columns as comments in the warehouse."""
    comments: dict[str, dict[tuple[str, str | None], str]] = {}
    for model in built:
        of_schema = comments.setdefault(model.schema, {})
        of_schema[model.name, None] = model.comment
        for column, text in model.columns.items():
            of_schema[model.name, column] = text
    for schema, of_schema in comments.items():
        set_comments(connection, schema, of_schema)


def _drop_former_models(
    connection: duckdb.DuckDBPyConnection,
    kinds: Mapping[tuple[str, str], str],
    relations: Collection[tuple[str, str]],
) -> None:
    """Drops what an older version built and this one does not; users' relations stay."""
    for (schema, name), kind in kinds.items():
        if (name.startswith("int_") or name in _FORMER) and (schema, name) not in relations:
            connection.execute(f"DROP {kind} {_relation(schema, name)}")


def _kinds(model: Model) -> tuple[str, ...]:
    """Returns what the model can be, when it was asked for first."""
    if model.is_on_demand:
        return ("TABLE", "VIEW")
    return ("VIEW",) if model.is_view else ("TABLE",)


def _relation(schema: str, name: str) -> str:
    # without the catalog, which is called after the file: a view that names it breaks in a copy
    return f'"{schema}"."{name}"'


@contextmanager
def _opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb  # noqa: PLC0415 (not for --help)

    try:
        connection = duckdb.connect(str(database))
        connection.execute(_SETTINGS)
    except duckdb.Error as error:
        raise ModelsError(f"the SQL models could not be run: {one_line(error)}") from error
    with connection:
        yield connection


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    import duckdb  # noqa: PLC0415 (not for --help)

    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException as error:
        with suppress(duckdb.Error):  # a statement that failed may have ended the transaction
            connection.rollback()
        if isinstance(error, RuntimeError) and isinstance(
            error.__cause__, KeyboardInterrupt | SystemExit
        ):
            raise error.__cause__ from None  # DuckDB wraps what a signal handler raises
        if isinstance(error, duckdb.Error):
            raise ModelsError(f"the SQL models could not be run: {one_line(error)}") from error
        raise


@contextmanager
def _failing(kind: str, name: str) -> Iterator[None]:
    """Names the model or test in errors of DuckDB."""
    import duckdb  # noqa: PLC0415 (not for --help)

    try:
        yield
    except duckdb.Error as error:
        raise ModelsError(f"the SQL {kind} {name} failed: {one_line(error)}") from error
