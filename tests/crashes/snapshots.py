"""Copies of a directory at many moments; each content is stored once."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Directory = tuple[tuple[str, str], ...]
"""The entries of a directory, sorted: relative path, SHA-256 of the contents (folders: empty)."""


@dataclass(frozen=True)
class Snapshots:
    """A store of file contents.

    Attributes:
        store: the folder with the contents, named by their SHA-256.
    """

    store: Path

    def take(self, home: Path) -> Directory:
        """Stores the current contents of all files.

        Other threads may still write, so this repeats until two reads are equal.
        """
        directory = self._look(home)
        while (again := self._look(home)) != directory:
            directory = again
        return directory

    def _look(self, home: Path) -> Directory:
        while True:
            with suppress(FileNotFoundError):  # renamed in the meantime
                return tuple((name, self._keep(home / name)) for name in _names(home))

    def restore(self, directory: Directory, home: Path) -> None:
        """Replaces the contents of the folder by those of the directory."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name, digest in directory:
            if digest:
                shutil.copyfile(self.store / digest, home / name)
            else:
                (home / name).mkdir()

    def shortened(self, digest: str, size_bytes: int) -> str:
        """Stores the beginning of a stored content; returns its SHA-256."""
        return self._keep_bytes((self.store / digest).read_bytes()[:size_bytes])

    def size_bytes(self, digest: str) -> int:
        """The size of a stored content."""
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
