"""Publishes into each place that is configured: files, object storage, PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from incorta_loads.cli.interrupts import prompt_interrupt
from incorta_loads.config.paths import publication_target
from incorta_loads.config.settings import postgres_url
from incorta_loads.publication.object_store import PublishedObjects, publish_objects
from incorta_loads.publication.postgres import PublishedTables, publish_to_postgres
from incorta_loads.publication.publish import Published
from incorta_loads.publication.publish import publish as publish_files
from incorta_loads.warehouse.writing import Warehouse

logger = logging.getLogger(__name__)

AnyPublished = Published | PublishedObjects | PublishedTables

_PUBLISHING_BYTES = 256 * 2**20
"""Memory limit of DuckDB while it writes the published files, which it reads once."""


@dataclass(frozen=True)
class Targets:
    """Where to publish.

    Attributes:
        directory: directory for the files.
        object_store: address of the object storage that gets them from there, if any.
        postgres: address of the PostgreSQL database that gets the marts, if any.
    """

    directory: Path
    object_store: str | None
    postgres: str | None


def publish_into(warehouse: Warehouse, targets: Targets) -> Iterator[AnyPublished]:
    """Publishes into each target in turn; what was published before an error stays."""
    with prompt_interrupt("the previous publication is unchanged."):
        files = _publish_files(warehouse, targets.directory)
        if targets.object_store is None:
            yield files
        else:
            yield publish_objects(targets.directory, targets.object_store)
        if targets.postgres is not None:
            yield publish_to_postgres(warehouse.connection, targets.postgres)


def _publish_files(warehouse: Warehouse, directory: Path) -> Published:
    what = warehouse.connection, warehouse.path, directory
    try:
        with warehouse.memory.at_most(_PUBLISHING_BYTES):
            return publish_files(*what)
    except duckdb.OutOfMemoryException:
        logger.warning("publishing needs more memory than usual, and begins again with more")
        return publish_files(*what)


def configured_targets(directory: str | None = None) -> Targets:
    """Returns the configured places.

    Args:
        directory: directory or object storage instead of the configured one.

    Raises:
        InvalidSettingError: a setting names no place that can be published into.
    """
    return Targets(*publication_target(directory), postgres_url())
