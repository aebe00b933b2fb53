"""The dbt project in `sql/`: where it is, its variables and its marts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from incorta_loads.errors import ModelsError


def project_directory() -> Path:
    """Where the dbt project is: in the installed package, else at the top of the checkout."""
    package = Path(str(resources.files("incorta_loads")))
    for directory in (package / "sql", package.parents[1] / "sql"):
        if (directory / "dbt_project.yml").is_file():
            return directory
    raise ModelsError(
        f"the SQL models are missing from {package / 'sql'}: install incorta-loads again"
    )


@cache
def project_variables() -> Mapping[str, Any]:
    """The `vars` of `sql/dbt_project.yml`: what the models and the program agree on."""
    import yaml  # noqa: PLC0415 (not for --help)

    project = yaml.safe_load((project_directory() / "dbt_project.yml").read_text("utf-8"))
    variables: Mapping[str, Any] = project["vars"]
    return variables


def mart_names() -> list[str]:
    """The tables of schema `load_analysis` that are made for people, in the order of names."""
    return sorted(path.stem for path in (project_directory() / "models" / "marts").glob("*.sql"))
