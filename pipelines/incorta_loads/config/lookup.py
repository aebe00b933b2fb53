"""Looks up settings in exactly one section.

A command reads environment variables, `.dlt/secrets.toml` and `.dlt/config.toml`. In a user's own
pipeline, the providers configured for dlt there are read. Unlike dlt's own lookup, a value comes
only from the requested section. A stray `TOKEN` or `CLUSTER` in the environment must not be
sent as the token or used as the cluster's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from incorta_loads.config.providers import settings_providers
from incorta_loads.errors import InvalidSettingError, one_line

SECTION = ("sources", "incorta")


class Provider(Protocol):
    """A place of settings."""

    is_file: bool

    def get(self, name: str, *sections: str) -> object | None:
        """Returns the value of a setting in a section, or None."""


def look_up(name: str, *sections: str) -> object | None:
    """Returns the first value that is not blank, or None if there is none.

    Args:
        name: name of the setting within its section.
        sections: path of the section, outermost name first.

    Raises:
        InvalidSettingError: the configuration cannot be read.
    """
    for provider in _providers():
        value = provider.get(name, *sections)
        if not is_blank(value):
            return unwrapped(value) if isinstance(value, str) else value
    return None


def unwrapped(text: str) -> str:
    """Returns the text without surrounding line ends and quotes.

    Env files and mounted secrets often leave them around a value.
    """
    text = text.strip()
    for quote in ('"', "'"):
        if len(text) > 1 and text[0] == text[-1] == quote:
            return text[1:-1].strip()
    return text


def configured_tables() -> list[Mapping[str, object]]:
    """Returns the table [sources.incorta] of each of dlt's files, including secrets."""
    try:
        # Files only: a vault would receive requests for values that it does not have.
        *outer, last = SECTION
        found = [each.get(last, *outer) for each in _providers() if each.is_file]
    except InvalidSettingError:
        return []
    return [table for table in found if isinstance(table, Mapping)]


def environment_variable(name: str) -> str:
    """Returns the environment variable of a setting. A dot separates table and setting."""
    return "__".join((*SECTION, *name.split("."))).upper()


def spelled(name: str) -> str:
    """Returns a setting as error messages name it."""
    return f"The setting {name} ({environment_variable(name)})"


def is_blank(value: object) -> bool:
    """Whether a value is considered not set."""
    return value is None or not str(value).strip()


def read_settings_here() -> None:
    """Makes `look_up` read settings itself, without dlt, for the rest of the process."""
    if not _command_providers:
        _command_providers.extend(settings_providers())


def read_settings_again() -> None:
    """Makes `look_up` read the files again, because they were changed."""
    _command_providers.clear()
    read_settings_here()


_command_providers: list[Provider] = []
"""The providers of a command; empty in a user's own pipeline."""


def _providers() -> Sequence[Provider]:
    return _command_providers or _providers_of_dlt()


def _providers_of_dlt() -> Sequence[Provider]:
    from dlt.common.configuration.container import Container  # noqa: PLC0415 (takes 0.5 s)
    from dlt.common.configuration.providers.doc import BaseDocProvider  # noqa: PLC0415
    from dlt.common.configuration.specs.pluggable_run_context import (  # noqa: PLC0415
        PluggableRunContext,
    )

    try:
        providers = Container()[PluggableRunContext].providers.providers
    except Exception as error:  # noqa: BLE001 (dlt may raise any error for an unusual path)
        reason = one_line(error)
        raise InvalidSettingError(
            f"The configuration of dlt cannot be read ({reason}); correct it and try again."
        ) from None
    return [
        _ProviderOfDlt(each, is_file=isinstance(each, BaseDocProvider))
        for each in providers
        if each.supports_sections
    ]


class _ProviderOfDlt:
    """One of the providers that are configured for dlt in a user's own pipeline."""

    def __init__(self, provider: Any, *, is_file: bool) -> None:
        self._provider = provider
        self.is_file = is_file

    def get(self, name: str, *sections: str) -> object | None:
        value: object | None = self._provider.get_value(name, object, None, *sections)[0]
        return value
