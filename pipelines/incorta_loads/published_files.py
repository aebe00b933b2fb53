"""A directory of published files: each is replaced by one rename, and the manifest comes last.

What is new is first written in full into a directory beside the files, which the next publication
clears away where a kill has left it; then every file takes its place, then the manifest. So a disk
that fills up changes nothing, and a reader sees each file as it was or as it is.

Only a file that a publication wrote is replaced: one that the manifest lists, or that a publication
put in its place which ended before its manifest, as the directory it left says.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import duckdb

from incorta_loads.database import one_line
from incorta_loads.errors import ConfigurationError, PublishError
from incorta_loads.snapshots import MANIFEST

logger = logging.getLogger(__name__)

_STAGING = ".publishing"

_DAMAGED: dict[str, Any] = {"files": {}}

_FULL = {errno.ENOSPC, errno.EDQUOT}


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


class PublishedFiles:
    """The files of one publication; a context manager.

    Attributes:
        directory: where they are.
        files: path in the directory, with `/` → what stands there, kept files included.
        rewritten: the paths among them that are new.

    Raises:
        ConfigurationError: somebody else's file is where one is to be published.
        PublishError: the directory or a file cannot be written; what was published stays.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: dict[str, PublishedFile] = {}
        self.rewritten: list[str] = []
        self._staging = directory / _STAGING
        self._manifest: Mapping[str, Any] = {}
        self._before: dict[str, PublishedFile] = {}
        self._owns_all = False
        self._is_placing = False

    @property
    def about(self) -> Mapping[str, Any]:
        """What the manifest of the last publication says; empty where there is none."""
        return self._manifest

    def __enter__(self) -> Self:
        with self._writing():
            self._manifest = _manifest(self.directory / MANIFEST)
            self._before = _entries(self._manifest)
            self._owns_all = os.path.lexists(self._staging) or self._manifest == _DAMAGED
            _clear(self._staging)
            self._staging.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._is_placing:  # else it tells the next publication whose files these are
            _clear(self._staging)

    def keep(self, path: str, source: str) -> bool:
        """Whether the file is whole and was made from the same source; it is kept then."""
        before = self._before.get(path)
        if before is None or before.source != source or not self._stands(path, before):
            return False
        self.files[path] = before
        return True

    def put(
        self, path: str, write: Callable[[Path], int | None], source: str | None = None
    ) -> None:
        """Writes a file that takes its place in `commit`; without a source only if it differs.

        Args:
            path: where it is to be, below the directory.
            write: writes it to the path it is given, and returns its rows.
            source: from what it is made.
        """
        staged = self._staged(path)
        self._refuse_others_file(path)
        with self._writing():
            rows = write(staged)
            entry = PublishedFile(_sum(staged), staged.stat().st_size, rows, source)
            self.files[path] = entry
            if source is None and self._stands(path, entry):
                staged.unlink()
                return
            _flush(staged)
        self.rewritten.append(path)

    def commit(self, about: Mapping[str, object]) -> None:
        """Puts every new file in its place, then the manifest; removes what it lists no more.

        A file that is listed no more stays where somebody changed it.

        Args:
            about: what the manifest says beside its files.
        """
        with self._writing():
            for path in self.rewritten:
                _check_place(self.directory / path)
            entries = {path: asdict(self.files[path]) for path in sorted(self.files)}
            manifest = self._staged(MANIFEST)
            manifest.write_text(
                json.dumps({**about, "files": entries}, indent=2, default=_iso_8601) + "\n", "utf-8"
            )
            _flush(manifest)
            self._is_placing = True
            for path in self.rewritten:
                target = self.directory / path
                target.parent.mkdir(parents=True, exist_ok=True)
                self._staged(path).replace(target)
            manifest.replace(self.directory / MANIFEST)
            self._is_placing = False
        for path, entry in self._before.items():
            if path not in self.files and self._stands(path, entry):
                self._remove(path)

    def _remove(self, path: str) -> None:
        try:
            (self.directory / path).unlink()
        except OSError as error:
            logger.warning(
                "%s is published no more and could not be removed (%s)", path, error.strerror
            )

    def _refuse_others_file(self, path: str) -> None:
        target = self.directory / path
        if self._owns_all or path in self._before or not os.path.lexists(target):
            return
        raise ConfigurationError(
            f"{target} is there already and was not published by this program, so it is not "
            "replaced; name another directory, or move the file away."
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Makes what the system refuses an error with a sentence."""
        try:
            yield
        except (OSError, duckdb.Error) as error:
            number = getattr(error, "errno", None)
            raise PublishError(
                f"The directory {self.directory} cannot be written "
                f"({getattr(error, 'strerror', None) or one_line(error)}); "
                + (
                    "some files in it are new already, and the manifest is still the old one: "
                    if self._is_placing
                    else "what was published before is still there: "
                )
                + ("make room" if number in _FULL else "make it writable")
                + " or name another directory, and publish again."
            ) from None

    def _stands(self, path: str, entry: PublishedFile) -> bool:
        """Whether the file in this place has these bytes."""
        with suppress(OSError, ValueError):
            return _sum(self.directory / path) == entry.sha256
        return False

    def _staged(self, path: str) -> Path:
        return self._staging / hashlib.sha256(path.encode()).hexdigest()


def _manifest(path: Path) -> dict[str, Any]:
    """What stands there; empty where there is none, or a damaged one.

    Raises:
        ConfigurationError: it is a manifest of something else.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        logger.warning("%s is damaged, and everything is published anew", path)
        return _DAMAGED
    files = content.get("files") if isinstance(content, dict) else None
    if isinstance(files, dict) and all(isinstance(fields, dict) for fields in files.values()):
        return dict(content)
    raise ConfigurationError(
        f"{path} is there already and was not published by this program, so it is not replaced; "
        "name another directory, or move the file away."
    )


def _entries(manifest: Mapping[str, Any]) -> dict[str, PublishedFile]:
    """Its files; what this program would not have written is left out."""
    return {
        path: PublishedFile(
            str(fields.get("sha256")), fields.get("bytes"), fields.get("rows"), fields.get("source")
        )
        for path, fields in manifest.get("files", {}).items()
        if _is_below(path) and path != MANIFEST
    }


def _is_below(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not path.startswith("/") and "\0" not in path


def _check_place(target: Path) -> None:
    """Whether a rename to there would work, before the first one is made.

    Raises:
        OSError: it would not.
    """
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, f"{target.name} is a directory")
    parent = next(each for each in target.parents if os.path.lexists(each))
    if not parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{parent.name} is no directory")
    effective = os.access in os.supports_effective_ids
    if not os.access(parent, os.W_OK | os.X_OK, effective_ids=effective):
        raise PermissionError(errno.EACCES, f"no permission for {parent}")


def _clear(staging: Path) -> None:
    """Removes what a publication left, or whatever has its name."""
    if staging.is_dir() and not staging.is_symlink():
        shutil.rmtree(staging, ignore_errors=True)
    else:
        staging.unlink(missing_ok=True)


def _iso_8601(value: datetime) -> str:
    return value.isoformat()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """A rename must not be on disk before what it names is."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
