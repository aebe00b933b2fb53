"""Publishes into object storage: Amazon S3, Google Cloud Storage or Azure.

The files are published into a directory beside the warehouse first. What differs there is then put
as whole objects, and the manifest last, on condition that it is still the one that was read. What
stands is known by sizes and ETags, so nothing is downloaded but the manifest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from incorta_loads.errors import ConfigurationError, PublishError, first_line
from incorta_loads.publication.manifest import Manifest, read_manifest
from incorta_loads.warehouse.snapshots import MANIFEST

logger = logging.getLogger(__name__)

_NOTE = ".uploaded.json"
"""File in the local directory: path of an object → what was put there."""

_LARGEST_PUT_BYTES = 4 * 2**30
"""A larger file is put in parts, which become visible together."""

Store = Any


class _Put(msgspec.Struct, frozen=True):
    """An object that was put: the checksum of its file, and the ETag that it got."""

    sha256: str
    e_tag: str


@dataclass(frozen=True, slots=True)
class PublishedObjects:
    """What was published.

    Attributes:
        url: the address.
        files: number of objects, not counting the manifest.
        rewritten: number of objects that were put.
        rewritten_bytes: their total size in bytes.
        seconds: wall time.
    """

    url: str
    files: int
    rewritten: int
    rewritten_bytes: int
    seconds: float

    def __str__(self) -> str:
        """Returns the address, with the number and size of new objects and the wall time."""
        return (
            f"{self.url} ({self.rewritten} of {self.files} objects put, "
            f"{self.rewritten_bytes / 2**20:.1f} MiB, in {self.seconds:.1f} s)"
        )


def publish_objects(directory: Path, url: str) -> PublishedObjects:
    """Brings object storage up to date with a published directory.

    Args:
        directory: the directory, which this process has just published into.
        url: address of the bucket and the prefix.

    Raises:
        ConfigurationError: the driver is not installed, the address is wrong, or it holds the
            publication of another warehouse or something else.
        PublishError: the storage cannot be reached or written, or somebody else published
            meanwhile; the last manifest stays.
    """
    began = time.monotonic()
    here = read_manifest(directory / MANIFEST)
    with _writing(url):
        store = _store(url)
        e_tag, before = _manifest_there(store, url)
        _refuse_others_publication(before, here, url)
        note = _read_note(directory)
        there = {
            each["path"]: (each["size"], each["e_tag"]) for page in _listed(store) for each in page
        }
        due = [
            path
            for path, file in here.files.items()
            if (put := note.get(path)) is None
            or put.sha256 != file.sha256
            or there.get(path) != (file.bytes, put.e_tag)
        ]
        try:
            for path in due:
                note[path] = _Put(here.files[path].sha256, _put(store, path, directory / path))
        finally:
            _write_note(directory, note)
        _put_manifest(store, directory, e_tag)
        gone = before.files.keys() - here.files.keys()
        _delete(store, sorted(gone & there.keys()))
        _write_note(directory, {path: put for path, put in note.items() if path in here.files})
    return PublishedObjects(
        url,
        files=len(here.files),
        rewritten=len(due),
        rewritten_bytes=sum(here.files[path].bytes for path in due),
        seconds=time.monotonic() - began,
    )


@contextmanager
def _writing(url: str) -> Iterator[None]:
    """Turns errors of the storage into one sentence."""
    try:
        from obstore.exceptions import (  # noqa: PLC0415 (an extra)
            AlreadyExistsError,
            BaseError,
            PreconditionError,
        )
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Object storage needs a driver: pip install 'incorta-loads[object-storage]'."
        ) from None
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise PublishError(
            f"Somebody else published into {url} meanwhile, so its manifest stays theirs; let one "
            "warehouse publish there, or publish again."
        ) from None
    except (BaseError, OSError) as error:
        raise PublishError(
            f"{url} cannot be written ({first_line(error)}); its manifest is still the old one: "
            "check the address, the credentials and the network, and publish again."
        ) from None


def _store(url: str) -> Store:
    from obstore.exceptions import BaseError  # noqa: PLC0415 (an extra)
    from obstore.store import from_url  # noqa: PLC0415

    try:
        return from_url(url)
    except (BaseError, ValueError) as error:
        raise ConfigurationError(
            f"{url} is no address of object storage ({first_line(error)}); write it as in "
            "s3://bucket/prefix."
        ) from None


def _listed(store: Store) -> Iterator[Any]:
    from obstore import list as list_objects  # noqa: PLC0415 (an extra)

    yield from list_objects(store)


def _manifest_there(store: Store, url: str) -> tuple[str | None, Manifest]:
    """Returns the ETag of the manifest and what it says; nothing if there is none."""
    from obstore import get  # noqa: PLC0415 (an extra)

    try:
        found = get(store, MANIFEST)
    except FileNotFoundError:
        return None, Manifest({})
    try:
        return found.meta["e_tag"], msgspec.json.decode(bytes(found.bytes()), type=Manifest)
    except msgspec.MsgspecError:
        raise ConfigurationError(
            f"{url} has a {MANIFEST} that incorta-loads did not publish, so nothing is replaced; "
            "name another prefix."
        ) from None


def _refuse_others_publication(before: Manifest, here: Manifest, url: str) -> None:
    own = {(each.cluster, each.tenant) for each in here.coverage}
    for each in before.coverage:
        if (each.cluster, each.tenant) not in own:
            raise ConfigurationError(
                f"{url} holds the publication of another warehouse, with {each.cluster}, tenant "
                f"{each.tenant}, which this warehouse does not have; name another prefix."
            )


def _put(store: Store, path: str, file: Path) -> str:
    from obstore import put  # noqa: PLC0415 (an extra)

    in_parts = file.stat().st_size > _LARGEST_PUT_BYTES
    return str(put(store, path, file, use_multipart=in_parts)["e_tag"])


def _put_manifest(store: Store, directory: Path, e_tag: str | None) -> None:
    """Puts the manifest if the one there is still that with the ETag, or if there is none."""
    from obstore import put  # noqa: PLC0415 (an extra)

    mode: Any = "create" if e_tag is None else {"e_tag": e_tag}
    put(store, MANIFEST, directory / MANIFEST, mode=mode, use_multipart=False)


def _delete(store: Store, paths: list[str]) -> None:
    from obstore import delete  # noqa: PLC0415 (an extra)

    if paths:
        delete(store, paths)


def _read_note(directory: Path) -> dict[str, _Put]:
    try:
        return msgspec.json.decode((directory / _NOTE).read_bytes(), type=dict[str, _Put])
    except (OSError, msgspec.MsgspecError):  # lost: everything is put again
        return {}


def _write_note(directory: Path, note: Mapping[str, _Put]) -> None:
    new = directory / f"{_NOTE}.new"
    new.write_bytes(msgspec.json.encode(dict(note)))
    new.replace(directory / _NOTE)
