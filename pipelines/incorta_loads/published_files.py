"""A directory of published files: each is replaced by one rename, and the manifest comes last.

What is new is first written in full into a directory beside the files, which the next publication
clears away where a kill has left it; then every file takes its place, then the manifest. So a disk
that fills up changes nothing, and a reader sees each file as it was or as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from incorta_loads.database import one_line
from incorta_loads.errors import PublishError
from incorta_loads.snapshots import MANIFEST

_STAGING = ".publishing"


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
        PublishError: the directory or a file cannot be written; what was published stays.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: dict[str, PublishedFile] = {}
        self.rewritten: list[str] = []
        self._staging = directory / _STAGING
        self._before: dict[str, PublishedFile] = {}

    def __enter__(self) -> Self:
        with _writing(self.directory):
            shutil.rmtree(self._staging, ignore_errors=True)
            self._staging.mkdir(parents=True)
            self._before = _entries(self.directory / MANIFEST)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)

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
        with _writing(self.directory):
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

        Args:
            about: what the manifest says beside its files.
        """
        with _writing(self.directory):
            for path in self.rewritten:
                target = self.directory / path
                target.parent.mkdir(parents=True, exist_ok=True)
                self._staged(path).replace(target)
            entries = {path: asdict(self.files[path]) for path in sorted(self.files)}
            staged = self._staged(MANIFEST)
            staged.write_text(
                json.dumps({**about, "files": entries}, indent=2, default=_iso_8601) + "\n", "utf-8"
            )
            _flush(staged)
            staged.replace(self.directory / MANIFEST)
            for path in self._before.keys() - self.files.keys():
                if ".." not in Path(path).parts and not Path(path).is_absolute():
                    (self.directory / path).unlink(missing_ok=True)

    def _stands(self, path: str, entry: PublishedFile) -> bool:
        """Whether the file in this place has these bytes."""
        with suppress(OSError):
            return _sum(self.directory / path) == entry.sha256
        return False

    def _staged(self, path: str) -> Path:
        return self._staging / hashlib.sha256(path.encode()).hexdigest()


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    """Makes what the system refuses an error with a sentence."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise PublishError(
            f"The directory {directory} cannot be written ({reason}); what was published before "
            "is still there: make room or name another directory, and publish again."
        ) from None


def _entries(manifest: Path) -> dict[str, PublishedFile]:
    """What an earlier manifest says of its files; nothing where there is none, or another kind."""
    try:
        files: dict[str, dict[str, Any]] = json.loads(manifest.read_bytes())["files"]
        return {path: PublishedFile(**entry) for path, entry in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _iso_8601(value: datetime) -> str:
    return value.isoformat()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """A rename must not be on disk before what it names is."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
