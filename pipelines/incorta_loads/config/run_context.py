"""Where dlt finds its own configuration while a command runs: nowhere.

dlt resolves each field of each of its configurations by names without a prefix, from the
environment and from `.dlt/*.toml`: `REFRESH=drop_sources`, which may be meant for another program,
would drop the base tables. So a command gives dlt a run context that configures nothing, and reads
its own section from the same places by itself.
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

# What dlt would do without being told: send telemetry, and ask Airflow's database for secrets.
_SETTINGS_OF_DLT = {
    "runtime": {"dlthub_telemetry": False},
    "providers": {"enable_airflow_secrets": False},
}


class CommandContext(RunContext):
    """dlt's run context while a command runs."""

    def initial_providers(self) -> list[ConfigProvider]:
        """What dlt may ask: it learns nothing."""
        nothing = DictionaryProvider()
        for section, values in _SETTINGS_OF_DLT.items():
            for name, value in values.items():
                nothing.set_value(name, value, "", section)
        return [nothing]

    @cached_property
    def settings_providers(self) -> Sequence[ConfigProvider]:
        """Where the settings of this program are: the environment, then dlt's files.

        Raises:
            InvalidSettingError: a file cannot be read.
        """
        directories = [Path(self.settings_dir), Path(self.global_dir)]
        return [EnvironProvider(), *(_files(name, directories) for name in ("secrets", "config"))]


def configure_dlt_by_nothing() -> None:
    """Gives dlt the context of a command, for the rest of the process."""
    if not _is_command():
        Container()[PluggableRunContext] = PluggableRunContext(CommandContext(None))


@contextmanager
def nothing_configures_dlt() -> Iterator[None]:
    """The same for a while, where no command has done so for good."""
    if _is_command():
        yield
        return
    with Container().injectable_context(PluggableRunContext(CommandContext(None))):
        yield


def _is_command() -> bool:
    container = Container()
    # Asking for one that is not there would make dlt's own, and resolve its configuration.
    if PluggableRunContext not in container:
        return False
    return isinstance(container[PluggableRunContext].context, CommandContext)


def _files(name: str, directories: Sequence[Path]) -> ConfigProvider:
    """One provider for the files of one name; of two the first has the last word."""
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
