"""Writes the first settings of a project."""

from __future__ import annotations

import os
from pathlib import Path

import tomlkit

from incorta_loads.config.lookup import SECTION
from incorta_loads.config.providers import project_directory
from incorta_loads.errors import ConfigurationError

CONFIG, SECRETS = "config.toml", "secrets.toml"


def require_no_files() -> Path:
    """Returns the directory for the settings of this project, which must not have any yet.

    Raises:
        ConfigurationError: there is a file that would be overwritten.
    """
    directory = project_directory()
    for name in (CONFIG, SECRETS):
        if (directory / name).exists():
            raise ConfigurationError(
                f"{directory / name} exists and is not overwritten; set cluster_url and tenant "
                f"under [sources.incorta] in {CONFIG}, and token in {SECRETS}, with an editor."
            )
    return directory


def write_files(directory: Path, *, cluster_url: str, tenant: str, token: str) -> None:
    """Writes both files; only the user can read the secrets.

    Raises:
        ConfigurationError: a file exists or cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(directory / CONFIG, 0o644, {"cluster_url": cluster_url, "tenant": tenant})
        _write(directory / SECRETS, 0o600, {"token": token})
    except OSError as error:
        raise ConfigurationError(
            f"The settings cannot be written to {directory} ({error.strerror}); make it writable, "
            "or change to another directory."
        ) from None


def remove_files(directory: Path) -> None:
    """Removes what `write_files` wrote."""
    for name in (CONFIG, SECRETS):
        (directory / name).unlink(missing_ok=True)
    if not any(directory.iterdir()):
        directory.rmdir()


def _write(path: Path, mode: int, values: dict[str, str]) -> None:
    outer, inner = SECTION
    text = tomlkit.dumps({outer: {inner: values}})
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", -1, "utf-8"
    ) as file:
        file.write(text)
