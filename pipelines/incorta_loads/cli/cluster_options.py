"""The options that choose clusters of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from incorta_loads.errors import ConfigurationError

if TYPE_CHECKING:
    from incorta_loads.config.settings import Settings

AllClusters = Annotated[
    bool,
    typer.Option("--all", help="All clusters under [sources.incorta.clusters], side by side."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="NAME",
        help="The cluster under [sources.incorta.clusters]. Default: the only one there is.",
    ),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        "--tenant",
        metavar="NAME",
        help="The tenant. Default: the one that is configured for the cluster.",
    ),
]


def chosen_clusters(
    cluster: str | None, tenant: str | None, *, every: bool, ids: str | None = None
) -> list[Settings]:
    """Returns the settings of the clusters that the options choose.

    Raises:
        ConfigurationError: the options exclude each other, or a setting is missing or wrong.
    """
    from incorta_loads.config.fleet import chosen, fleet

    if not every:
        return [chosen(cluster, tenant)]
    if cluster is not None or tenant is not None:
        raise ConfigurationError("--all excludes --cluster and --tenant; name one of them.")
    if ids is not None:
        raise ConfigurationError(
            "--ids are those of one cluster; choose it with --cluster NAME instead of --all."
        )
    return fleet()
