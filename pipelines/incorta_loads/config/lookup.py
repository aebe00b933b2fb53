"""Looks up all configuration, through dlt's providers, in exactly one section.

The providers are environment variables, `.dlt/secrets.toml` and `.dlt/config.toml`. In a user's own
pipeline, they are the providers configured for dlt there. Unlike dlt's own lookup, a value comes
only from the requested section. A stray `TOKEN` or `CLUSTER` in the environment must neither be
sent to a cluster nor name one.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

from incorta_loads.errors import InvalidSettingError, one_line

SECTION = ("sources", "incorta")


def look_up(name: str, *sections: str) -> object | None:
    """Returns the first value that is not blank, or None if there is none.

    Args:
        name: name of the setting within its section.
        sections: path of the section, outermost name first.

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
    from dlt.common.configuration.providers.doc import BaseDocProvider  # noqa: PLC0415

    try:
        # Files only: a vault would receive requests for values that it does not have.
        files = [each for each in _providers() if isinstance(each, BaseDocProvider)]
    except InvalidSettingError:
        return []
    *outer, last = SECTION
    found = [each.get_value(last, object, "", *outer)[0] for each in files]
    return [table for table in found if isinstance(table, Mapping)]


def environment_variable(name: str) -> str:
    """Returns the environment variable of a setting. A table in the name is followed by a dot."""
    return "__".join((*SECTION, *name.split("."))).upper()


def spelled(name: str) -> str:
    """Returns a setting as error messages name it."""
    return f"The setting {name} ({environment_variable(name)})"


def decoded(content: bytes) -> str:
    """Decodes the text of a file saved by an editor on any system.

    Raises:
        UnicodeDecodeError: the text is neither UTF-8 nor UTF-16 with a byte-order mark.
    """
    return content.decode(encoding_of(content))


def encoding_of(content: bytes) -> str:
    """Returns UTF-16 if the byte-order mark indicates it, else UTF-8 with or without a mark."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else "utf-8-sig"


def is_blank(value: object) -> bool:
    """Whether a value is considered not set."""
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
