"""The one door for configuration: dlt's providers, asked for exactly one section.

They are environment variables, `.dlt/secrets.toml`, `.dlt/config.toml`, and whatever else dlt was
told to use. Unlike dlt's own look-up, a value is taken from exactly the section asked for: a stray
`TOKEN` or `CLUSTER` in the environment must neither be sent to a cluster nor name one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incorta_loads.errors import InvalidSettingError, in_one_line

SECTION = ("sources", "incorta")


def look_up(name: str, *sections: str) -> object | None:
    """The first value that is not blank.

    Raises:
        InvalidSettingError: the configuration cannot be read.
    """
    for provider in _providers():
        if provider.supports_sections:
            value, _ = provider.get_value(name, object, None, *sections)
            if not is_blank(value):
                return value  # type: ignore[no-any-return]
    return None


def configured_tables() -> list[Mapping[str, object]]:
    """What stands under [sources.incorta] in each file of dlt, secrets included."""
    from dlt.common.configuration.providers.doc import BaseDocProvider  # noqa: PLC0415

    try:
        # No others: a vault would be asked for something that it does not have.
        files = [each for each in _providers() if isinstance(each, BaseDocProvider)]
    except InvalidSettingError:
        return []
    *outer, last = SECTION
    found = [each.get_value(last, object, "", *outer)[0] for each in files]
    return [table for table in found if isinstance(table, Mapping)]


def environment_variable(name: str) -> str:
    """Of a setting, whose table stands before a dot."""
    return "__".join((*SECTION, *name.split("."))).upper()


def spelled(name: str) -> str:
    """A setting as errors name it."""
    return f"The setting {name} ({environment_variable(name)})"


def is_blank(value: object) -> bool:
    """Whether a value counts as not given."""
    return value is None or not str(value).strip()


def _providers() -> Sequence[Any]:
    from dlt.common.configuration.container import Container  # noqa: PLC0415 (0.5 s; not for --help)
    from dlt.common.configuration.specs.pluggable_run_context import (  # noqa: PLC0415
        PluggableRunContext,
    )

    try:
        providers: Sequence[Any] = Container()[PluggableRunContext].providers.providers
    except Exception as error:  # noqa: BLE001 (whatever TOML, levels and paths bring up in dlt)
        reason = in_one_line(error)
        raise InvalidSettingError(
            f"The configuration of dlt cannot be read ({reason}); correct it and try again."
        ) from None
    return providers
