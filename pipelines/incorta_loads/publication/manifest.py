"""What a directory says of the publication in it: its manifest, and the journal of a killed one.

Only a file that a publication wrote is replaced or removed: one that the manifest lists, or one
with the bytes that the journal has for it. The journal stands in the directory of files that wait
for their place, from before the first of them takes it until the manifest has.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec

from incorta_loads.errors import ConfigurationError
from incorta_loads.warehouse.snapshots import MANIFEST

STAGING = ".publishing"
"""The directory of files that wait for their place."""

JOURNAL = "journal.json"
"""In it: path → the sums that a file in this place may have, and be a published one."""

_T = TypeVar("_T")
_STAGED = re.compile(r"(tmp_)?[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One line of the manifest.

    Attributes:
        sha256: of the whole file, in hexadecimal digits.
        bytes: its size.
        rows: how many it has; None where it has more than one table.
        source: from what it was made; the same source makes the same rows. None: look at the sum.
    """

    sha256: str
    bytes: int
    rows: int | None = None
    source: str | None = None


class _Tenant(msgspec.Struct):
    cluster: str
    tenant: str


class _Manifest(msgspec.Struct):
    files: dict[str, PublishedFile]
    coverage: list[_Tenant] = []


class Publication:
    """What was published into a directory before.

    Args:
        directory: where it is, or is to be.

    Attributes:
        files: path → what the manifest says of it.
        tenants: (cluster, tenant) of what was published.

    Raises:
        ConfigurationError: somebody else's file has the name of one of a publication.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        manifest = _read(directory / MANIFEST, _Manifest) or _Manifest({})
        _refuse_others_staging(directory / STAGING)
        self.files = {
            path: file for path, file in manifest.files.items() if _is_below(path, MANIFEST)
        }
        self.tenants = [(each.cluster, each.tenant) for each in manifest.coverage]
        journal = _read(directory / STAGING / JOURNAL, dict[str, list[str]]) or {}
        self._unfinished = {path: sums for path, sums in journal.items() if _is_below(path)}

    @property
    def is_unfinished(self) -> bool:
        """Whether one ended between its first file and its manifest."""
        return bool(self._unfinished)

    def journal_with(self, files: Mapping[str, str]) -> bytes:
        """What the journal has to say before these files take their places: path → sum."""
        sums = {path: [*self._unfinished.get(path, []), new] for path, new in files.items()}
        return msgspec.json.encode(self._unfinished | sums)

    def refuse_others_file(self, path: str) -> None:
        """Whether a file may take this place.

        Raises:
            ConfigurationError: what is there was not published.
        """
        place = self._directory / path
        if os.path.lexists(place) and path not in self.files and not self._is_of_journal(path):
            raise _not_ours(place)

    def is_as_it_was(self, path: str) -> bool:
        """Whether the file is as a publication left it."""
        before = self.files.get(path)
        return self._is_of_journal(path) or (
            before is not None and sum_of(self._directory / path) == before.sha256
        )

    def paths(self) -> set[str]:
        """All that it may have left."""
        return self.files.keys() | self._unfinished.keys()

    def _is_of_journal(self, path: str) -> bool:
        return sum_of(self._directory / path) in self._unfinished.get(path, [])


def sum_of(path: Path) -> str | None:
    """The SHA-256 of a file; None where there is none, or no file."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def _read(path: Path, kind: type[_T]) -> _T | None:
    if not os.path.lexists(path):
        return None
    if not path.is_file():  # reading a pipe might never end
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
        f"{place} is there already and is damaged or was not published by this program, so nothing "
        "is replaced; name another directory, or move it away."
    )


def _is_below(path: str, *others: str) -> bool:
    parts = PurePosixPath(path).parts
    is_relative = bool(parts) and ".." not in parts and not path.startswith("/")
    return is_relative and "\0" not in path and path not in others
