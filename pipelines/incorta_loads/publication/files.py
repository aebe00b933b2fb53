"""Writes a directory of published files; a rename replaces each one, and the manifest comes last.

New files are first written in full to a staging directory beside the published files. Then each
file is moved into place, and finally the manifest. A full disk therefore changes nothing, and a
reader sees either the old or the new version of each file. If a process is killed, the next
publication removes the staging directory.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from incorta_loads.errors import PublishError, first_line
from incorta_loads.publication.manifest import JOURNAL, STAGING, Publication, PublishedFile, sum_of
from incorta_loads.warehouse.snapshots import MANIFEST

logger = logging.getLogger(__name__)

_ADVICE = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
    errno.EROFS: "make it writable",
}


class PublishedFiles:
    """The files of one publication; a context manager.

    Attributes:
        directory: the directory of the files.
        files: path in the directory, with `/` → its manifest entry, kept files included.
        rewritten: the paths among them whose files are new.
        before: the last publication; set on entering the context.

    Raises:
        ConfigurationError: a file that was not published by this program is in the way.
        PublishError: the directory or a file cannot be written; the last publication stays.
        duckdb.OutOfMemoryException: DuckDB needs more memory; the last publication stays.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: dict[str, PublishedFile] = {}
        self.rewritten: list[str] = []
        self._staging = directory / STAGING
        self._is_placing = False

    def __enter__(self) -> Self:
        with self._writing():
            self.before = Publication(self.directory)
            self._clear()
            self._staging.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def _clear(self) -> None:
        """Removes the staged files; the journal stays as long as it is needed."""
        if not self._staging.is_dir():
            return
        if self._is_placing or self.before.is_unfinished:
            for each in self._staging.iterdir():
                if each.name != JOURNAL:
                    each.unlink()
        else:
            shutil.rmtree(self._staging, ignore_errors=True)

    def keep(self, path: str, source: str) -> bool:
        """Keeps the file if it is intact and was made from the same source; returns whether."""
        before = self.before.files.get(path)
        if before is None or before.source != source or not self._is_unchanged(path, before):
            return False
        self.files[path] = before
        return True

    def put(
        self, path: str, write: Callable[[Path], int | None], source: str | None = None
    ) -> None:
        """Stages a file, which `commit` moves into place.

        Without a source, the file is staged only if its content differs from the published one.

        Args:
            path: target path, relative to the directory.
            write: writes the file to the given path and returns its number of rows.
            source: fingerprint of the data behind the file.
        """
        staged = self._staged(path)
        self.before.refuse_others_file(path)
        with self._writing():
            self._try_place(path)
            rows = write(staged)
            entry = PublishedFile(sum_of(staged) or "", staged.stat().st_size, rows, source)
            self.files[path] = entry
            if source is None and self._is_unchanged(path, entry):
                staged.unlink()
                return
            _flush(staged)
        self.rewritten.append(path)

    def commit(self, about: Mapping[str, object]) -> None:
        """Moves every new file into place, then the manifest, and removes files no longer listed.

        A file that is no longer listed stays if it was changed after its publication.

        Args:
            about: entries of the manifest other than its files.
        """
        with self._writing():
            entries = {path: asdict(self.files[path]) for path in sorted(self.files)}
            manifest = self._staged(MANIFEST)
            manifest.write_text(
                json.dumps({**about, "files": entries}, indent=2, default=_iso_8601) + "\n", "utf-8"
            )
            _flush(manifest)
            self._write_journal()
            self._is_placing = True
            for path in self.rewritten:
                target = self.directory / path
                target.parent.mkdir(parents=True, exist_ok=True)
                self._staged(path).replace(target)
            manifest.replace(self.directory / MANIFEST)
        for path in self.before.paths() - self.files.keys():
            if self.before.is_as_it_was(path):
                self._remove(path)
        shutil.rmtree(self._staging, ignore_errors=True)

    def _write_journal(self) -> None:
        new = self._staged(JOURNAL)
        sums = {path: self.files[path].sha256 for path in self.rewritten}
        new.write_bytes(self.before.journal_with(sums))
        _flush(new)
        new.replace(self._staging / JOURNAL)

    def _remove(self, path: str) -> None:
        try:
            (self.directory / path).unlink()
        except OSError as error:
            logger.warning(
                "%s is no longer published and could not be removed (%s)", path, error.strerror
            )

    def _try_place(self, path: str) -> None:
        """Checks that a rename to this path will work, before its file is written.

        Raises:
            OSError: the rename would fail.
        """
        target = self.directory / path
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{path} is a directory")
        parent = next(each for each in target.parents if os.path.lexists(each))
        if not parent.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{parent.name} is not a directory")
        effective = os.access in os.supports_effective_ids
        if not os.access(parent, os.W_OK | os.X_OK, effective_ids=effective):
            raise PermissionError(errno.EACCES, f"no permission for {parent}")
        if parent.stat().st_dev != self._staging.stat().st_dev:
            raise OSError(errno.EXDEV, f"{parent} is on another file system")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns system and DuckDB errors into a PublishError with advice."""
        try:
            yield
        except duckdb.OutOfMemoryException:  # the directory is not the cause
            raise
        except (OSError, duckdb.Error) as error:
            advice = _ADVICE.get(getattr(error, "errno", None) or 0)
            state = (
                "some of its files are new, but its manifest is still the old one"
                if self._is_placing
                else "nothing in it was changed"
            )
            raise PublishError(
                f"The directory {self.directory} cannot be written "
                f"({getattr(error, 'strerror', None) or first_line(error)}); {state}: "
                f"{f'{advice} or ' if advice else ''}name another directory, and publish again."
            ) from None

    def _is_unchanged(self, path: str, entry: PublishedFile) -> bool:
        """Returns whether the published file has the checksum of this entry."""
        return sum_of(self.directory / path) == entry.sha256

    def _staged(self, path: str) -> Path:
        return self._staging / hashlib.sha256(path.encode()).hexdigest()


def _iso_8601(value: datetime) -> str:
    return value.isoformat()


def _flush(path: Path) -> None:
    """Flushes a file to disk, because its content must be there before the rename is."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
