"""Provides the dbt project in `sql/` as plain SQL statements.

    python -m incorta_loads.analysis.compiled sql/compiled.json

dbt takes seconds to be imported and to parse the project, and its statements change only with the
project and its variables. Those with the default variables are part of the project
(`make models`). With other variables dbt compiles once, into a file beside the warehouse.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from incorta_loads.analysis.project import project_directory, project_variables

logger = logging.getLogger(__name__)

_FORM = 3
"""Changes when the structs below do."""
_SOURCES = ("nodes", "fetches", "status_changes")
_RESOURCES = ("resource_type:model", "resource_type:test")


class Kept(msgspec.Struct, frozen=True):
    """How a table is brought up to date instead of being built again.

    Attributes:
        current: the relation from whose rows the table is made.
        keys: columns that `current` and the table share; they identify the row of `current` from
            which a row of the table was made.
        of_current: SQL condition for the rows of `current` that leave rows in the table.
        of_table: SQL condition for a small part of the table's rows in which every key occurs.
    """

    current: str
    keys: list[str]
    of_current: str
    of_table: str


class Model(msgspec.Struct, frozen=True, tag="model"):
    """A relation of the analysis.

    Attributes:
        schema: `load_analysis` for people, `load_analysis_steps` for what lies in between.
        name: its name, unique in both schemas.
        is_view: whether it is a view rather than a table.
        query: the query behind it. For a kept table, it returns only the rows for the keys in the
            temporary table `missing_<name>`.
        comment: its description.
        columns: the descriptions of its columns, by name.
        types: the types that its columns must have, by name in order; empty if it has no contract.
        kept: how it is brought up to date, or None if each build replaces it.
        is_on_demand: whether it is a table only if that was asked for, otherwise a view.
    """

    schema: str
    name: str
    is_view: bool
    query: str
    comment: str
    columns: dict[str, str]
    types: dict[str, str]
    kept: Kept | None
    is_on_demand: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Returns the schema and the name."""
        return self.schema, self.name


class DataTest(msgspec.Struct, frozen=True, tag="test"):
    """A query that must return no rows; on demand if a model that it reads is."""

    name: str
    query: str
    is_on_demand: bool = False


class CompiledProject(msgspec.Struct, frozen=True):
    """The project as statements.

    Attributes:
        fingerprint: changes with the project and its variables.
        steps: every model after those it reads, every data test after the models it reads.
        below: for each table of `load_status` that models read, the names of all steps that
            depend on it, as dbt selects them.
    """

    fingerprint: str
    steps: list[Model | DataTest]
    below: dict[str, list[str]]


def compiled_project(database: Path, variables: Mapping[str, object]) -> CompiledProject:
    """Returns the project's statements: the default ones, or those kept beside the warehouse.

    Raises:
        ModelsError: dbt does not accept the project or the variables.
    """
    fingerprint = _fingerprint(variables)
    beside = Path(f"{database}.models")
    for path in (project_directory() / "compiled.json", beside):
        with suppress(OSError, msgspec.DecodeError):  # none is there, or it is of another version
            found = msgspec.json.decode(path.read_bytes(), type=CompiledProject)
            if found.fingerprint == fingerprint:
                return found
    compiled = _compile(variables, fingerprint)
    _keep(compiled, beside)
    return compiled


def _compile(variables: Mapping[str, object], fingerprint: str) -> CompiledProject:
    from incorta_loads.analysis.dbt import run_dbt  # noqa: PLC0415 (takes seconds)

    ours = {**variables, "keeps_tables": True}
    manifest = run_dbt(["parse"], ours)
    compiled = run_dbt(
        ["compile", "--no-introspect", "--no-populate-cache", "--select", *_RESOURCES],
        ours,
        manifest=manifest,
    )
    below = {
        source: run_dbt(
            [
                "ls",
                "--output",
                "name",
                "--select",
                *(f"source:load_status.{source}+,{each}" for each in _RESOURCES),
            ],
            ours,
            manifest=manifest,
        )
        for source in _SOURCES
    }
    nodes = {result.node.unique_id: result.node for result in compiled.results}
    on_demand = {name for name, node in nodes.items() if "on_demand" in node.tags}
    relations = {node.name: f'"{node.schema}"."{node.name}"' for node in nodes.values()}
    steps = [_step(nodes[name], on_demand, relations) for name in _in_order(nodes)]
    return CompiledProject(fingerprint, steps, {name: sorted(each) for name, each in below.items()})


def _in_order(nodes: Mapping[str, Any]) -> list[str]:
    """Returns the names of models and tests, each after those it reads; always in one order."""
    sorter = TopologicalSorter(
        {name: set(node.depends_on.nodes) & set(nodes) for name, node in nodes.items()}
    )
    sorter.prepare()
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += ready
        sorter.done(*ready)
    return ordered


def _step(node: Any, on_demand: set[str], relations: Mapping[str, str]) -> Model | DataTest:
    is_on_demand = bool(on_demand & {node.unique_id, *node.depends_on.nodes})
    if node.resource_type == "test":
        return DataTest(node.name, node.compiled_code, is_on_demand)
    columns = node.columns.values()
    contract = {column.name: column.data_type for column in columns}
    return Model(
        schema=node.schema,
        name=node.name,
        is_view=node.config.materialized == "view",
        query=node.compiled_code,
        comment=node.description,
        columns={column.name: column.description for column in columns},
        types=_as_in_duckdb(contract) if node.config.contract.enforced else {},
        kept=_kept(node.config.meta, relations) if node.config.meta else None,
        is_on_demand=node.unique_id in on_demand,
    )


def _kept(meta: Mapping[str, Any], relations: Mapping[str, str]) -> Kept:
    return msgspec.convert({**meta, "current": relations[meta["current"]]}, Kept)


def _as_in_duckdb(contract: Mapping[str, str]) -> dict[str, str]:
    """Returns the types by the names that DuckDB gives them."""
    types = ", ".join(f"typeof(cast(NULL AS {each}))" for each in contract.values())
    with duckdb.connect() as connection:
        names = connection.execute(f"SELECT {types}").fetchone() or ()
    return dict(zip(contract, names, strict=True))


def _fingerprint(variables: Mapping[str, object]) -> str:
    everything = [_FORM, {**project_variables(), **variables}]
    digest = hashlib.sha256(json.dumps(everything, sort_keys=True).encode())
    project = project_directory()
    for path in sorted(project.rglob("*")):
        if path.suffix in (".sql", ".yml", ".md"):
            digest.update(f"\0{path.relative_to(project)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _keep(compiled: CompiledProject, path: Path) -> None:
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_bytes(msgspec.json.encode(compiled))
        new.replace(path)
    except OSError as error:  # not fatal: the next build compiles the project again
        logger.debug("the compiled models were not kept: %s", error)
        with suppress(OSError):
            new.unlink()


if __name__ == "__main__":
    project = _compile({}, _fingerprint({}))
    # one line for each step, so that a change of one model is a change of one line
    text = msgspec.json.encode(project).replace(b'{"type":', b'\n{"type":')
    Path(sys.argv[1]).write_bytes(text + b"\n")
