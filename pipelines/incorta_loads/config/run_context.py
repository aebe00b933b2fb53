"""Keeps dlt from finding configuration of its own while a command runs.

dlt resolves each field of each configuration by names without a prefix, from the environment and
from `.dlt/*.toml`. `REFRESH=drop_sources`, perhaps intended for another program, would drop the
base tables. A command therefore gives dlt a run context that configures nothing. The command reads
its own section from the same places itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.providers.dictionary import DictionaryProvider
from dlt.common.configuration.providers.doc import CustomLoaderDocProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

from incorta_loads.config.lookup import decoded
from incorta_loads.errors import InvalidSettingError, one_line

# By default, dlt sends telemetry and queries Airflow's database for secrets.
_SETTINGS_OF_DLT = {
    "runtime": {"dlthub_telemetry": False},
    "providers": {"enable_airflow_secrets": False},
}


class CommandContext(RunContext):
    """dlt's run context while a command runs."""

    def initial_providers(self) -> list[ConfigProvider]:
        """Returns the providers for dlt, which contain nothing but `_SETTINGS_OF_DLT`."""
        nothing = DictionaryProvider()
        for section, values in _SETTINGS_OF_DLT.items():
            for name, value in values.items():
                nothing.set_value(name, value, "", section)
        return [nothing]

    @cached_property
    def settings_providers(self) -> Sequence[ConfigProvider]:
        """The providers of this program's settings: the environment, then dlt's files.

        Raises:
            InvalidSettingError: a file cannot be read.
        """
        directories = [Path(self.settings_dir), Path(self.global_dir)]
        return [EnvironProvider(), *(_files(name, directories) for name in ("secrets", "config"))]


def configure_dlt_by_nothing() -> None:
    """Gives dlt the run context of a command for the rest of the process."""
    if not _is_command():
        Container()[PluggableRunContext] = PluggableRunContext(CommandContext(None))


@contextmanager
def nothing_configures_dlt() -> Iterator[None]:
    """Gives dlt the run context of a command temporarily, unless a command has already set it."""
    if _is_command():
        yield
        return
    with Container().injectable_context(PluggableRunContext(CommandContext(None))):
        yield


def _is_command() -> bool:
    container = Container()
    # Requesting a missing one would create dlt's default and resolve its configuration.
    if PluggableRunContext not in container:
        return False
    return isinstance(container[PluggableRunContext].context, CommandContext)


def _files(name: str, directories: Sequence[Path]) -> ConfigProvider:
    """Returns one provider for the files with one name. The first directory takes precedence."""
    paths = [directory / f"{name}.toml" for directory in directories]

    def merged() -> dict[str, Any]:
        values: dict[str, Any] = {}
        for path in reversed(paths):
            values = _overlaid(values, _read(path))
        return values

    return CustomLoaderDocProvider(
        f"{name}.toml", merged, supports_secrets=name == "secrets", locations=[*map(str, paths)]
    )


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
