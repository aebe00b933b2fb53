"""Reads settings from where dlt's users keep them, without importing dlt.

Importing dlt takes as long as the rest of a command that only reads. The places and their order are
dlt's: environment variables, `secrets.toml`, `config.toml`; each file in the project's `.dlt`
before the one in the user's global directory.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from incorta_loads.errors import InvalidSettingError, one_line
from incorta_loads.text import decoded


class Environment:
    """Settings in environment variables such as `SOURCES__INCORTA__TENANT`."""

    is_file = False

    def get(self, name: str, *sections: str) -> object | None:
        """Returns the value of a setting, or None."""
        return os.environ.get("__".join((*sections, name)).upper())


class Files:
    """Settings in the files with one name.

    Args:
        name: `secrets.toml` or `config.toml`.
        directories: where the files are; the first takes precedence, setting by setting.
    """

    is_file = True

    def __init__(self, name: str, directories: Sequence[Path]) -> None:
        self._paths = [directory / name for directory in directories]

    def get(self, name: str, *sections: str) -> object | None:
        """Returns the value of a setting, or None.

        Raises:
            InvalidSettingError: a file cannot be read.
        """
        found: object = self._values
        for each in (*sections, name):
            if not isinstance(found, Mapping) or each not in found:
                return None
            found = found[each]
        return found

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        values: dict[str, Any] = {}
        for path in reversed(self._paths):
            values = _overlaid(values, _read(path))
        return values


def settings_providers() -> list[Environment | Files]:
    """Returns the places of settings in their order."""
    project = project_directory()
    directories = [project, global_directory(project.name)]
    return [Environment(), Files("secrets.toml", directories), Files("config.toml", directories)]


def project_directory() -> Path:
    """Returns the directory with the settings of this project, `.dlt` unless configured."""
    folder = os.environ.get("DLT_CONFIG_FOLDER", ".dlt")
    return Path(os.environ.get("DLT_PROJECT_DIR", "."), folder)


def global_directory(folder: str) -> Path:
    """Returns the directory that dlt uses for all projects of a user.

    Args:
        folder: the name of the directory in the home directory, usually `.dlt`.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/dlt")
    home = Path("~").expanduser()
    if not os.access(home, os.W_OK | os.X_OK):
        return Path(tempfile.gettempdir(), "dlt")
    in_home = home / folder
    data = os.environ.get("XDG_DATA_HOME")
    return in_home if data is None or in_home.is_dir() else Path(data, "dlt")


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(below)
    for name, value in above.items():
        before = values.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            values[name] = _overlaid(before, value)
        else:
            values[name] = value
    return values


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(decoded(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        reason = error.strerror or one_line(error)
    except UnicodeDecodeError:
        reason = "it is neither UTF-8 nor UTF-16"
    except tomllib.TOMLDecodeError as error:
        reason = one_line(error)
    raise InvalidSettingError(
        f"The configuration file {path} cannot be read ({reason}); correct it and try again."
    )
