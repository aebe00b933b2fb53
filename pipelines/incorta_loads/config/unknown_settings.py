"""Reports unknown settings, since a misspelled setting would otherwise be ignored silently."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from incorta_loads.config.fleet import CLUSTER_SETTINGS, CLUSTERS
from incorta_loads.config.lookup import SECTION, configured_tables, environment_variable
from incorta_loads.config.settings import SETTINGS
from incorta_loads.text import shortened, visible

logger = logging.getLogger(__name__)

_PREFIX = "__".join((*SECTION, "")).upper()
_TABLES = {name.partition(".")[0] for name in SETTINGS if "." in name}


def log_unknown_settings() -> None:
    """Logs one warning for each unknown setting, with the closest valid name."""
    for line in unknown_settings():
        logger.warning("%s", line)


def unknown_settings() -> list[str]:
    """Returns one line for each unknown setting in the environment or under [sources.incorta].

    Tables other than those of this program belong to dlt, which has settings for every source.
    """
    return [*_of_environment(), *_of_tables(), *_of_clusters()]


def _of_environment() -> Iterator[str]:
    right = set(map(environment_variable, SETTINGS))
    for name in sorted(os.environ):
        if not name.upper().startswith(_PREFIX) or name in right:
            continue
        key = name.upper().removeprefix(_PREFIX)
        if _is_ours(key.lower().replace("__", ".")):
            yield _line(f"The environment variable {name}", name.upper(), right)


def _of_clusters() -> Iterator[str]:
    for table in configured_tables():
        clusters = table.get(CLUSTERS)
        for name, settings in clusters.items() if isinstance(clusters, Mapping) else ():
            for key in settings if isinstance(settings, Mapping) else ():
                if key not in CLUSTER_SETTINGS:
                    where = ".".join((*SECTION, CLUSTERS, str(name)))
                    yield _line(f"`{key}` under [{where}]", str(key), set(CLUSTER_SETTINGS))


def _of_tables() -> Iterator[str]:
    for table in configured_tables():
        for key in _keys(table):
            if key not in SETTINGS and _is_ours(key):
                yield _line(f"`{key}` under [{'.'.join(SECTION)}]", key, set(SETTINGS))


def _keys(table: Mapping[str, object]) -> Iterator[str]:
    for name, item in table.items():
        if isinstance(item, Mapping):
            yield from (f"{name}.{key}" for key in item)
        else:
            yield name


def _is_ours(key: str) -> bool:
    """Whether the key can only belong to this program.

    That holds for keys at the top level, keys in a table of this program, and near misspellings of
    a setting.
    """
    table, dot, _ = key.partition(".")
    return not dot or table in _TABLES or bool(get_close_matches(key, SETTINGS, 1, cutoff=0.85))


def _line(what: str, name: str, right: set[str]) -> str:
    closest = get_close_matches(name, sorted(right), 1, cutoff=0.0)[0]
    shown = visible(shortened(what))
    return f"{shown} is not a setting and has no effect; the closest name is {closest}."
