"""Where the files of this machine are: the warehouse, and what is published from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from incorta_loads.configuration import SECTION, look_up
from incorta_loads.errors import InvalidSettingError

DEFAULT_DATABASE = "incorta_loads.duckdb"
DEFAULT_PUBLISHED = "published"
_SCHEMAS = ("load_status", "load_status_staging", "load_analysis")


def database_path() -> Path:
    """The DuckDB file of the warehouse: dlt's `[destination.duckdb] credentials`.

    Raises:
        InvalidSettingError: when it names no file.
    """
    value = look_up("credentials", "destination", "duckdb")
    if value is None or isinstance(value, Mapping):
        value = look_up("database", "destination", "duckdb", "credentials")
    text = re.sub(r"^duckdb:(///)?", "", str(value or DEFAULT_DATABASE))
    is_elsewhere = text.startswith((":", "md:")) or "://" in text
    if not text or is_elsewhere or text.endswith("/") or Path(text).is_dir():
        shown = re.sub(r"(://|\?).*", "…", text, flags=re.DOTALL)  # what follows may be a secret
        raise InvalidSettingError(
            f"The warehouse must be a DuckDB file, not '{shown}'; "
            "set DESTINATION__DUCKDB__CREDENTIALS to a path such as incorta_loads.duckdb."
        )
    path = Path(text).absolute()
    database = path.name.lstrip(".").split(".")[0]
    if database.lower() in _SCHEMAS:
        raise InvalidSettingError(
            f"The warehouse cannot be called {path.name}: DuckDB names a database after its file, "
            f"and '{database}' is a schema in it; set DESTINATION__DUCKDB__CREDENTIALS to another "
            "name."
        )
    return path


def published_directory(given: str | None = None) -> Path:
    """Where `publish` and `run` publish: what was given, else `publish_dir`.

    Raises:
        InvalidSettingError: no directory can have this name.
    """
    name = str(look_up("publish_dir", *SECTION) or DEFAULT_PUBLISHED) if given is None else given
    if not name.strip():
        raise InvalidSettingError("The directory to publish into has no name; name one.")
    if "\0" in name or name != name.encode(errors="replace").decode():
        raise InvalidSettingError(
            f"The name of the directory {name!r} is not UTF-8, which DuckDB needs to write there; "
            "name another one."
        )
    scheme, separator, _ = name.partition("://")  # what follows may be a secret
    if separator:
        raise InvalidSettingError(
            f"{scheme}://… is no directory of this machine; publish into one, and copy from there."
        )
    return Path(name).expanduser().absolute()
