"""Keeps dlt from finding configuration of its own while a command runs.

dlt resolves each field of each configuration by names without a prefix, from the environment and
from `.dlt/*.toml`. `REFRESH=drop_sources`, perhaps intended for another program, would drop the
base tables. A command therefore gives dlt a run context that configures nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.dictionary import DictionaryProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

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


@contextmanager
def nothing_configures_dlt() -> Iterator[None]:
    """Gives dlt the run context of a command temporarily."""
    logger = logging.getLogger("dlt")
    level = logger.level
    with Container().injectable_context(PluggableRunContext(CommandContext(None))):
        logger.setLevel(level)  # which dlt has just set to its own
        yield
