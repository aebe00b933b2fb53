"""The public names of the package."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import incorta_loads
from incorta_loads.source import incorta_load_status
from support.patience import COMMAND_SECONDS


def test_all_lists_every_public_name() -> None:
    """Modules of the package are not public names."""
    public = {
        name
        for name, value in vars(incorta_loads).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public <= {*incorta_loads.__all__, "annotations", "TYPE_CHECKING"}
    assert incorta_loads.__all__ == ["__version__", "incorta_load_status"]


def test_the_source_can_be_imported_from_the_package() -> None:
    """Users of dlt know this form from packages that are named after their source."""
    assert incorta_loads.incorta_load_status is incorta_load_status


def test_a_missing_name_raises_pythons_usual_error() -> None:
    """The name is not mistaken for the source."""
    with pytest.raises(AttributeError, match="module 'incorta_loads' has no attribute 'sourec'"):
        incorta_loads.sourec  # noqa: B018


def test_importing_the_package_imports_no_dependency() -> None:
    """`incorta_loads.__version__` must not take a second."""
    script = "import incorta_loads, sys; print(sorted({'dlt', 'duckdb', 'dbt'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=True,
    )
    assert done.stdout == "[]\n"
