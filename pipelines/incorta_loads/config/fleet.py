"""Reads the clusters of a fleet: `[sources.incorta.clusters.NAME]` over `[sources.incorta]`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from incorta_loads.config.lookup import (
    SECTION,
    configured_tables,
    environment_variable,
    is_blank,
    look_up,
)
from incorta_loads.config.settings import CLUSTER_FIELDS, Settings, load_settings
from incorta_loads.errors import ConfigurationError, InvalidSettingError

CLUSTERS = "clusters"
"""The table with a table for each cluster."""

_COMMON = ("clusters_at_once", "lock_timeout_seconds", "regression_level", "notify_level")
CLUSTER_SETTINGS = (
    "tenants",
    *(each.name for each in CLUSTER_FIELDS if each.name not in _COMMON),
)
"""Names of the settings of one cluster; each overrides the common one."""

_PREFIX = environment_variable(f"{CLUSTERS}.")


def cluster_names() -> list[str]:
    """Returns the names of the configured clusters, sorted.

    They are those of the tables in dlt's files. A cluster that is configured in the environment
    only has the name of its variables in lower case.
    """
    names: set[str] = set()
    for table in configured_tables():
        found = table.get(CLUSTERS)
        if isinstance(found, Mapping):
            names.update(str(name) for name, each in found.items() if isinstance(each, Mapping))
    known = {name.upper() for name in names}
    names.update(each.lower() for each in _named_in_environment() if each not in known)
    return sorted(names)


def fleet() -> list[Settings]:
    """Returns the settings of each cluster and tenant, in order of their names.

    Raises:
        ConfigurationError: no cluster is configured, a setting of one is missing or not valid, or
            two would be stored under the same names.
    """
    names = cluster_names()
    if not names:
        raise ConfigurationError(
            "No cluster is configured under [sources.incorta.clusters]; add a table "
            "[sources.incorta.clusters.NAME] with cluster_url, tenant and token for each."
        )
    found = [each for name in names for each in settings_of(name)]
    places = [(each.cluster, each.tenant) for each in found]
    for cluster, tenant in places:
        if places.count((cluster, tenant)) > 1:
            raise InvalidSettingError(
                f"Two clusters under [sources.incorta.clusters] are stored as '{cluster}', tenant "
                f"'{tenant}'; their executions would be mixed up, so give one another name."
            )
    return found


def settings_of(name: str) -> list[Settings]:
    """Returns the settings of one cluster, for each of its tenants.

    Raises:
        ConfigurationError: there is no such cluster, or a setting is missing or not valid.
    """
    names = cluster_names()
    if name not in names:
        raise ConfigurationError(
            f"There is no cluster '{name}' under [sources.incorta.clusters]; its clusters are: "
            f"{', '.join(names) or 'none'}."
        )
    own = {each: look_up(each, *SECTION, CLUSTERS, name) for each in CLUSTER_SETTINGS}
    tenants = _listed(own.pop("tenants"))
    given = {"cluster": name, "table": f"{CLUSTERS}.{name}"} | {
        each: value for each, value in own.items() if not is_blank(value)
    }
    try:
        return [load_settings(given | {"tenant": tenant}) for tenant in tenants] or [
            load_settings(given)
        ]
    except ConfigurationError as error:
        raise type(error)(f"Cluster {name}: {error}") from None


def chosen(name: str | None, tenant: str | None = None) -> Settings:
    """Returns the settings of the one cluster and tenant that a command needs.

    Args:
        name: the name of a cluster, or None for the only one there is.
        tenant: the name of one of its tenants, or None for the only one there is.

    Raises:
        ConfigurationError: there are several, or none.
    """
    names = cluster_names()
    if name is None and (not names or not is_blank(look_up("cluster_url", *SECTION))):
        return load_settings({"tenant": tenant})
    if name is None and len(names) > 1:
        raise ConfigurationError(
            f"Several clusters are configured ({', '.join(names)}); choose one with --cluster NAME."
        )
    found = settings_of(name or names[0])
    of_tenant = [each for each in found if tenant in (None, each.tenant)]
    if len(of_tenant) != 1:
        raise ConfigurationError(
            f"The tenants of cluster {found[0].cluster} are "
            f"{', '.join(each.tenant for each in found)}; choose one with --tenant NAME."
        )
    return of_tenant[0]


def _listed(value: object) -> list[str]:
    """Returns the names of a list, or of a text with commas between."""
    if value is None:
        return []
    texts = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    names = (name.strip() for text in texts for name in str(text).split(","))
    return [name for name in names if name]


def _named_in_environment() -> set[str]:
    """Returns the names of clusters whose URL is in the environment, in upper case."""
    ending = "__CLUSTER_URL"
    return {
        name.upper().removeprefix(_PREFIX).removesuffix(ending)
        for name in os.environ
        if name.upper().startswith(_PREFIX) and name.upper().endswith(ending)
    }
