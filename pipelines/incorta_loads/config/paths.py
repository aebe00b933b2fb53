"""Paths on this machine: the warehouse and the directory to publish into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from incorta_loads.config.lookup import SECTION, look_up
from incorta_loads.errors import InvalidSettingError, one_line

DEFAULT_DATABASE = "incorta_loads.duckdb"
DEFAULT_PUBLISHED = "published"
OBJECT_STORES = ("s3", "gs", "az", "abfss")
"""Beginnings of addresses of object storage."""

_TAKEN_NAMES = dict.fromkeys(
    ("load_status", "load_status_staging", "load_analysis", "load_analysis_steps", "main"),
    "a schema in it",
) | dict.fromkeys(("temp", "system"), "a database of its own")
# "=": DuckDB takes a directory such as env=prod for a column of the files that dlt loads from it
_NOT_IN_PATHS = re.compile(r"[?#=]|ducklake:", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"['\";]")
_LONGEST_SUFFIX = ".published.new"
"""Files beside the warehouse are named after it, with a suffix; this is the longest suffix."""


def database_path() -> Path:
    """Returns the DuckDB file of the warehouse: dlt's `[destination.duckdb] credentials`.

    Raises:
        InvalidSettingError: the setting names no file, or a path that DuckDB or dbt cannot use.
    """
    value = look_up("credentials", "destination", "duckdb")
    if value is None or isinstance(value, Mapping):
        value = look_up("database", "destination", "duckdb", "credentials")
    given = str(value or DEFAULT_DATABASE)
    text = _path_of_url(given) if given.startswith("duckdb:") else given
    if not text or text.startswith((":", "md:")) or "://" in text or text.endswith("/"):
        raise _no_file(given if text is None else text)
    path = resolved(text, "The warehouse")
    if path.exists() and not path.is_file():
        raise _no_file(text)
    database = path.name.lstrip(".").split(".")[0]
    if wrong := _NOT_IN_PATHS.search(str(path)) or _NOT_IN_NAMES.search(path.name):
        raise InvalidSettingError(
            f"The warehouse cannot be at {path}: '{wrong[0]}' in its path has a special meaning "
            "for DuckDB or dbt; set DESTINATION__DUCKDB__CREDENTIALS to another path."
        )
    if taken := _TAKEN_NAMES.get(database.lower()):
        raise InvalidSettingError(
            f"The warehouse cannot be called {path.name}: DuckDB names a database after its file, "
            f"and '{database}' is {taken}; set DESTINATION__DUCKDB__CREDENTIALS to another name."
        )
    return path


def resolved(text: str, what: str) -> Path:
    """Returns the single path under which every part of the program opens a file or directory.

    `~` is expanded to the home directory. Symbolic links are followed, including links to a file
    that does not exist yet, because DuckDB treats two names of one file as two databases.

    Args:
        text: the path as configured.
        what: name of the file or directory in the error message.

    Raises:
        InvalidSettingError: no file can have this name.
    """
    try:
        path = Path(text).expanduser().resolve()
        if "\0" in text or "\n" in text or "\r" in text:
            raise ValueError("it contains a line end or NUL")  # noqa: TRY301 (as the others)
        str(path).encode()
        if path.name:
            path.with_name(f"{path.name}{_LONGEST_SUFFIX}").exists()
    except UnicodeError:
        reason = "it is not UTF-8, which DuckDB needs"
    except (ValueError, RuntimeError, OSError) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
    else:
        return path
    raise InvalidSettingError(f"{what} cannot be at {text!r} ({reason}); use another path.")


def _path_of_url(url: str) -> str | None:
    """Returns `x` of `duckdb:x` and `duckdb:///x`, or None if the URL has a host or parameters."""
    rest = url.removeprefix("duckdb:")
    if rest.startswith("//") and not rest.startswith("///"):
        return None
    rest = rest.removeprefix("///")
    return None if "?" in rest and not rest.startswith("md:") else rest


def _no_file(text: str) -> InvalidSettingError:
    shown = re.sub(r"(://|\?).*", "…", text, flags=re.DOTALL)  # the rest may be a secret
    return InvalidSettingError(
        f"The warehouse must be a DuckDB file, not '{shown}'; "
        "set DESTINATION__DUCKDB__CREDENTIALS to a path such as incorta_loads.duckdb."
    )


def publication_target(given: str | None = None) -> tuple[Path, str | None]:
    """Returns the directory to publish into and, if files go to object storage, its address.

    Files for object storage are published into a directory beside the warehouse first.

    Args:
        given: the directory or address, or None for the setting `publish_dir`.

    Raises:
        InvalidSettingError: no directory can have this name.
    """
    name = str(look_up("publish_dir", *SECTION) or DEFAULT_PUBLISHED) if given is None else given
    scheme, separator, rest = name.strip().partition("://")
    if not separator or scheme not in OBJECT_STORES:
        return published_directory(name), None
    if "@" in rest.partition("/")[0] and scheme != "abfss":
        raise InvalidSettingError(
            f"{scheme}://… must not contain credentials; give them to the cloud's usual variables, "
            "such as AWS_ACCESS_KEY_ID."
        )
    return Path(f"{database_path()}.publication"), name.strip()


def published_directory(given: str | None = None) -> Path:
    """Returns the directory that `publish` and `run` publish into.

    Args:
        given: the directory, or None for the setting `publish_dir`.

    Raises:
        InvalidSettingError: no directory can have this name.
    """
    name = str(look_up("publish_dir", *SECTION) or DEFAULT_PUBLISHED) if given is None else given
    if not name.strip():
        raise InvalidSettingError("The name of the directory to publish into is empty; set one.")
    scheme, separator, _ = name.partition("://")  # the rest may be a secret
    if separator:
        raise InvalidSettingError(
            f"{scheme}://… is no place to publish into; name a directory, or object storage that "
            f"begins with {', '.join(f'{each}://' for each in OBJECT_STORES)}."
        )
    return resolved(name, "The directory to publish into")
