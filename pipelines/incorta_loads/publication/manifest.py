"""Reads the manifest of a published directory and the journal of an interrupted publication.

Only files that a publication wrote are replaced or removed. These are the files that the manifest
lists, and files whose checksum is in the journal. The journal is in the staging directory. It
exists from before the first file is moved into place until the manifest is in place.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec

from incorta_loads.errors import ConfigurationError
from incorta_loads.warehouse.snapshots import MANIFEST

STAGING = ".publishing"
"""The staging directory, for files that are not yet in place."""

JOURNAL = "journal.json"
"""The journal in it: path → checksums by which the file at this path counts as published."""

_T = TypeVar("_T")
_STAGED = re.compile(r"(tmp_)?[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file in the manifest.

    Attributes:
        sha256: SHA-256 of the whole file, in hexadecimal digits.
        bytes: size in bytes.
        rows: number of rows; None if the file has more than one table, or none.
        source: fingerprint of the data behind the file; equal sources produce equal rows. If it is
            None, files are compared by checksum.
    """

    sha256: str
    bytes: int
    rows: int | None = None
    source: str | None = None


class PublishedTenant(msgspec.Struct):
    """A cluster and tenant in the manifest, with its highest execution."""

    cluster: str
    tenant: str
    highest_loaded_id: int | None = None


class Manifest(msgspec.Struct):
    """What is read of a manifest."""

    files: dict[str, PublishedFile]
    coverage: list[PublishedTenant] = []
    published_at: datetime | None = None


class Publication:
    """The previous publication in a directory.

    Args:
        directory: the published directory; it need not exist yet.

    Attributes:
        files: path → its manifest entry.
        highest_ids: published (cluster, tenant) → its highest execution, or None.
        published_at: time of the publication; None if there is none.

    Raises:
        ConfigurationError: a file with the name of a published one was not published by this
            program.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        manifest = _read(directory / MANIFEST, Manifest) or Manifest({})
        _refuse_others_staging(directory / STAGING)
        self.files = {
            path: file for path, file in manifest.files.items() if _is_below(path, MANIFEST)
        }
        self.highest_ids = {
            (each.cluster, each.tenant): each.highest_loaded_id for each in manifest.coverage
        }
        self.published_at = manifest.published_at
        journal = _read(directory / STAGING / JOURNAL, dict[str, list[str]]) or {}
        self._unfinished = {path: sums for path, sums in journal.items() if _is_below(path)}

    @property
    def is_unfinished(self) -> bool:
        """Whether a publication was interrupted between its first file and its manifest."""
        return bool(self._unfinished)

    def journal_with(self, files: Mapping[str, str]) -> bytes:
        """Returns the journal to write before these files are moved into place.

        Args:
            files: path → checksum.
        """
        sums = {path: [*self._unfinished.get(path, []), new] for path, new in files.items()}
        return msgspec.json.encode(self._unfinished | sums)

    def refuse_others_file(self, path: str) -> None:
        """Checks that a file may be published at this path.

        Raises:
            ConfigurationError: the existing file was not published by this program.
        """
        place = self._directory / path
        if os.path.lexists(place) and path not in self.files and not self._is_of_journal(path):
            raise _not_ours(place)

    def is_as_it_was(self, path: str) -> bool:
        """Returns whether the file is unchanged since its publication."""
        before = self.files.get(path)
        return self._is_of_journal(path) or (
            before is not None and sum_of(self._directory / path) == before.sha256
        )

    def paths(self) -> set[str]:
        """Returns the paths of all files that a publication may have left."""
        return self.files.keys() | self._unfinished.keys()

    def _is_of_journal(self, path: str) -> bool:
        return sum_of(self._directory / path) in self._unfinished.get(path, [])


def read_manifest(path: Path) -> Manifest:
    """Returns the manifest in a file that this program wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Manifest)


def sum_of(path: Path) -> str | None:
    """Returns the SHA-256 of a file, or None if it is missing, unreadable or not a regular file."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def _read(path: Path, kind: type[_T]) -> _T | None:
    if not os.path.lexists(path):
        return None
    if not path.is_file():  # reading from a pipe might never end
        raise _not_ours(path)
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _not_ours(path) from None


def _refuse_others_staging(staging: Path) -> None:
    if not os.path.lexists(staging):
        return
    if staging.is_symlink() or not staging.is_dir():
        raise _not_ours(staging)
    for each in staging.iterdir():
        if each.name != JOURNAL and not _STAGED.fullmatch(each.name):
            raise _not_ours(staging)


def _not_ours(place: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{place} already exists and is damaged or was not published by incorta-loads, so nothing "
        "is replaced; name another directory, or move it away."
    )


def _is_below(path: str, *others: str) -> bool:
    parts = PurePosixPath(path).parts
    is_relative = bool(parts) and ".." not in parts and not path.startswith("/")
    return is_relative and "\0" not in path and path not in others
