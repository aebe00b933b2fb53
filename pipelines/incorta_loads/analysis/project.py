"""The dbt project in `sql/`: its directory, variables and marts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from incorta_loads.errors import ModelsError


def project_directory() -> Path:
    """Returns the directory of the dbt project.

    It is in the installed package, or else at the top level of the checkout.
    """
    package = Path(str(resources.files("incorta_loads")))
    for directory in (package / "sql", package.parents[1] / "sql"):
        if (directory / "dbt_project.yml").is_file():
            return directory
    raise ModelsError(
        f"the SQL models are missing from {package / 'sql'}: install incorta-loads again"
    )


def project_variables() -> Mapping[str, Any]:
    """Returns the `vars` in `sql/dbt_project.yml`, which the models and the program share."""
    variables: Mapping[str, Any] = _project()["vars"]
    return variables


def mart_names() -> list[str]:
    """Returns the names of the user-facing tables in schema `load_analysis`, sorted."""
    return sorted(path.stem for path in (project_directory() / "models" / "marts").glob("*.sql"))


def on_demand_marts() -> set[str]:
    """Returns the marts that are tables only if that was asked for, otherwise views."""
    marts = _project()["models"]["incorta_loads"]["marts"]
    return {name for name in mart_names() if "on_demand" in marts.get(name, {}).get("+tags", ())}


@cache
def _project() -> Mapping[str, Any]:
    import yaml  # noqa: PLC0415 (not for --help)

    project: Mapping[str, Any] = yaml.safe_load(
        (project_directory() / "dbt_project.yml").read_text("utf-8")
    )
    return project
