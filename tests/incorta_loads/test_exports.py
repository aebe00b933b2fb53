"""What the package is for people who import it."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import incorta_loads
from incorta_loads.source import incorta_load_status
from support.patience import COMMAND_SECONDS


def test_all_is_all_there_is() -> None:
    """Every public name of the package is in `__all__`; its modules are no names of it."""
    public = {
        name
        for name, value in vars(incorta_loads).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public <= {*incorta_loads.__all__, "annotations", "TYPE_CHECKING"}
    assert incorta_loads.__all__ == ["__version__", "incorta_load_status"]


def test_the_source_is_a_name_of_the_package() -> None:
    """As dlt users know it from packages that are named after their source."""
    assert incorta_loads.incorta_load_status is incorta_load_status


def test_a_name_that_is_not_there_is_told_as_python_tells_it() -> None:
    """And not taken for the source."""
    with pytest.raises(AttributeError, match="module 'incorta_loads' has no attribute 'sourec'"):
        incorta_loads.sourec  # noqa: B018


def test_the_package_alone_imports_none_of_its_dependencies() -> None:
    """`incorta_loads.__version__` costs no second."""
    script = "import incorta_loads, sys; print(sorted({'dlt', 'duckdb', 'dbt'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=True,
    )
    assert done.stdout == "[]\n"
