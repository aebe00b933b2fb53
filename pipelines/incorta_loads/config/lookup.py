"""The one door for configuration: dlt's providers, asked for exactly one section.

They are environment variables, `.dlt/secrets.toml` and `.dlt/config.toml`; in a pipeline of someone
else's, whatever dlt was told to use there. Unlike dlt's own look-up, a value is taken from exactly
the section asked for: a stray `TOKEN` or `CLUSTER` in the environment must neither be sent to a
cluster nor name one.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

from incorta_loads.errors import InvalidSettingError, one_line

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
                return unwrapped(value) if isinstance(value, str) else value
    return None


def unwrapped(text: str) -> str:
    """A text without what env files and mounted secrets leave around it: line ends, quotes."""
    text = text.strip()
    for quote in ('"', "'"):
        if len(text) > 1 and text[0] == text[-1] == quote:
            return text[1:-1].strip()
    return text


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


def decoded(content: bytes) -> str:
    """The text of a file as editors on any system save it.

    Raises:
        UnicodeDecodeError: it is neither UTF-8 nor, by its byte-order mark, UTF-16.
    """
    return content.decode(encoding_of(content))


def encoding_of(content: bytes) -> str:
    """UTF-16 where a byte-order mark says so, else UTF-8 with or without one."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else "utf-8-sig"


def is_blank(value: object) -> bool:
    """Whether a value counts as not given."""
    return value is None or not str(value).strip()


def _providers() -> Sequence[Any]:
    from dlt.common.configuration.container import Container  # noqa: PLC0415 (0.5 s; not for --help)
    from dlt.common.configuration.specs.pluggable_run_context import (  # noqa: PLC0415
        PluggableRunContext,
    )

    from incorta_loads.config.run_context import CommandContext  # noqa: PLC0415

    try:
        current = Container()[PluggableRunContext]
        if isinstance(current.context, CommandContext):
            return current.context.settings_providers
        providers: Sequence[Any] = current.providers.providers
    except InvalidSettingError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever levels and paths bring up in dlt)
        reason = one_line(error)
        raise InvalidSettingError(
            f"The configuration of dlt cannot be read ({reason}); correct it and try again."
        ) from None
    return providers
