"""Copies of a directory as it was at many moments, each content kept once."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Directory = tuple[tuple[str, str], ...]
"""All that is in a directory, in order: relative path, SHA-256 of the contents (folders: empty)."""


@dataclass(frozen=True)
class Snapshots:
    """A store of contents.

    Attributes:
        store: the folder that has them, by their SHA-256.
    """

    store: Path

    def take(self, home: Path) -> Directory:
        """Keeps the contents of all files as they are now.

        Other threads may go on meanwhile: looks until nothing has changed between two looks.
        """
        directory = self._look(home)
        while (again := self._look(home)) != directory:
            directory = again
        return directory

    def _look(self, home: Path) -> Directory:
        while True:
            with suppress(FileNotFoundError):  # it has another name by now
                return tuple((name, self._keep(home / name)) for name in _names(home))

    def restore(self, directory: Directory, home: Path) -> None:
        """Makes the folder what the directory was; what was in it before is gone."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name, digest in directory:
            if digest:
                shutil.copyfile(self.store / digest, home / name)
            else:
                (home / name).mkdir()

    def shortened(self, digest: str, size_bytes: int) -> str:
        """Keeps the beginning of a content that is kept; its SHA-256."""
        return self._keep_bytes((self.store / digest).read_bytes()[:size_bytes])

    def size_bytes(self, digest: str) -> int:
        """Of a content that is kept."""
        return (self.store / digest).stat().st_size

    def _keep(self, path: Path) -> str:
        return "" if path.is_dir() else self._keep_bytes(path.read_bytes())

    def _keep_bytes(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        kept = self.store / digest
        if not kept.exists():
            kept.write_bytes(content)
        return digest


def _names(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*"))
