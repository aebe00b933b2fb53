"""A directory whose files are replaced one by one, the manifest last."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from incorta_loads.errors import ConfigurationError, PublishError
from incorta_loads.publication.files import PublishedFiles

TEXT = "what stands in it"


def writing(text: str = TEXT, rows: int = 1) -> Callable[[Path], int]:
    def write(target: Path) -> int:
        target.write_text(text)
        return rows

    return write


def published(directory: Path, *, text: str = TEXT, source: str | None = "1") -> PublishedFiles:
    """Publishes one file."""
    with PublishedFiles(directory) as files:
        if source is None or not files.keep("a/b.txt", source):
            files.put("a/b.txt", writing(text), source)
        files.commit({"version": "0"})
    return files


def everything_below(directory: Path) -> list[str]:
    return sorted(str(each.relative_to(directory)) for each in directory.rglob("*"))


def test_the_manifest_has_checksum_size_and_rows_of_each_file(tmp_path: Path) -> None:
    """The checksum is SHA-256, in the form of sha256sum."""
    published(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "version": "0",
        "files": {
            "a/b.txt": {
                "sha256": "6537f87ec9d71e080b4386a5212240fc82dc97663150417e7e8db0aeee823c45",
                "bytes": 17,
                "rows": 1,
                "source": "1",
            }
        },
    }


def test_only_published_files_are_left(tmp_path: Path) -> None:
    """No temporary file and no lock remain."""
    published(tmp_path)
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]


@pytest.mark.parametrize("source", ["1", None])
def test_an_unchanged_file_is_not_rewritten(tmp_path: Path, source: str | None) -> None:
    """The source decides, or the bytes if there is no source."""
    published(tmp_path, source=source)
    before = (tmp_path / "a/b.txt").stat()
    assert published(tmp_path, source=source).rewritten == []
    assert (tmp_path / "a/b.txt").stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_text("something else"),
        lambda file: file.write_text(TEXT.upper()),
        lambda file: file.unlink(),
    ],
)
def test_a_damaged_file_is_restored(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    """It is restored even if its source is unchanged."""
    published(tmp_path)
    damage(tmp_path / "a/b.txt")
    assert published(tmp_path).rewritten == ["a/b.txt"]
    assert (tmp_path / "a/b.txt").read_text() == TEXT


@pytest.mark.parametrize(
    "manifest",
    [
        *("", "{", "// mine", "[" * 200_000, "\xff"),
        *("[]", "null", "7", '{"name": "an app", "icons": []}'),
        '{"files": {"main.js": "/main.1.js"}}',
        '{"files": {"a/b.txt": {"size": 1}}}',
        '{"files": {}, "coverage": 3}',
    ],
)
def test_a_foreign_manifest_is_not_replaced(tmp_path: Path, manifest: str) -> None:
    """Web applications have a file of this name, and a damaged one may be foreign too."""
    (tmp_path / "manifest.json").write_text(manifest, "latin-1")
    with pytest.raises(ConfigurationError, match=r"manifest\.json already exists"):
        published(tmp_path)
    assert (tmp_path / "manifest.json").read_text("latin-1") == manifest
    assert everything_below(tmp_path) == ["manifest.json"]


@pytest.mark.parametrize("make", [lambda path: path.write_text("mine"), lambda path: path.mkdir()])
def test_a_foreign_file_is_not_replaced(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """It is kept even if it has the name of a published file."""
    (tmp_path / "a").mkdir()
    make(tmp_path / "a/b.txt")
    with pytest.raises(ConfigurationError, match=r"a/b\.txt already exists"):
        published(tmp_path)
    assert everything_below(tmp_path) == ["a", "a/b.txt"]


def killed_before_its_manifest(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication killed after it replaced a/b.txt and before its manifest."""
    replace = Path.replace

    def killed(path: Path, target: Path) -> Path:
        if target.name == "manifest.json":
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
        patched.setattr(Path, "replace", killed)
        published(directory, text="of the killed one")


def test_files_of_a_killed_publication_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal it left shows that the file is its own."""
    for _ in range(2):  # the journal of the second one includes the files of the first
        killed_before_its_manifest(tmp_path, monkeypatch)
        assert (tmp_path / ".publishing/journal.json").exists()
        assert not (tmp_path / "manifest.json").exists()
    assert published(tmp_path).rewritten == ["a/b.txt"]
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]


def test_obsolete_files_of_a_killed_publication_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its journal lists these files."""
    killed_before_its_manifest(tmp_path, monkeypatch)
    with PublishedFiles(tmp_path) as files:
        files.commit({})
    assert everything_below(tmp_path) == ["a", "manifest.json"]


def test_a_foreign_file_placed_after_a_kill_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is kept until the user moves the file away."""
    killed_before_its_manifest(tmp_path, monkeypatch)
    (tmp_path / "a/b.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"a/b\.txt already exists"):
        published(tmp_path)
    assert (tmp_path / ".publishing/journal.json").exists()
    (tmp_path / "a/b.txt").unlink()
    assert published(tmp_path).rewritten == ["a/b.txt"]


@pytest.mark.parametrize("path", ["manifest.json", "", "a\0b", "a", "/etc/hostname", "../x"])
def test_a_manifest_with_foreign_paths_does_no_harm(tmp_path: Path, path: str) -> None:
    """Somebody may have edited the manifest."""
    published(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["files"][path] = {"sha256": "", "bytes": 0, "rows": 0, "source": ""}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    published(tmp_path)
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]
    assert list(json.loads((tmp_path / "manifest.json").read_text())["files"]) == ["a/b.txt"]


def test_an_obsolete_file_that_was_modified_is_kept(tmp_path: Path) -> None:
    """It may be the only copy of a user's work."""
    published(tmp_path)
    (tmp_path / "a/b.txt").write_text("mine now")
    with PublishedFiles(tmp_path) as files:
        files.commit({})
    assert (tmp_path / "a/b.txt").read_text() == "mine now"


@pytest.fixture
def without_rights() -> Iterator[Path]:
    """A directory of a user who has no rights beyond it."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(directory, 65534, 65534)
            os.seteuid(65534)
        try:
            yield directory
        finally:
            if is_root:
                os.seteuid(0)
            for each in directory.rglob("*"):
                each.chmod(0o700)


def test_an_unwritable_subdirectory_leaves_all_files_unchanged(
    without_rights: Path,
) -> None:
    """The error occurs before the first file is replaced."""
    published(without_rights)
    (without_rights / "z").mkdir(0o500)
    with PublishedFiles(without_rights) as files:
        files.put("a/b.txt", writing("new"), "2")
        with pytest.raises(PublishError, match="nothing in it was changed: make it writable"):
            files.put("z/c.txt", writing("new"), "2")
    assert (without_rights / "a/b.txt").read_text() == TEXT
    assert everything_below(without_rights) == ["a", "a/b.txt", "manifest.json", "z"]


def test_an_obsolete_file_is_removed(tmp_path: Path) -> None:
    """Files that were never published are kept."""
    published(tmp_path)
    (tmp_path / "a/mine.txt").write_text("mine")
    with PublishedFiles(tmp_path) as files:
        files.put("c.txt", writing())
        files.commit({})
    assert everything_below(tmp_path) == ["a", "a/mine.txt", "c.txt", "manifest.json"]


def test_a_manifest_removes_nothing_outside_its_directory(tmp_path: Path) -> None:
    """This holds even if somebody edited the manifest."""
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    directory = tmp_path / "published"
    directory.mkdir()
    line = {"sha256": "", "bytes": 4, "rows": None, "source": None}
    files = {"../outside.txt": line, str(outside): line}
    (directory / "manifest.json").write_text(json.dumps({"files": files}))
    published(directory)
    assert outside.read_text() == "mine"


def test_a_file_that_cannot_be_written_leaves_all_files_unchanged(tmp_path: Path) -> None:
    """All new files are complete before the first one is moved into place."""
    published(tmp_path)

    def fails(target: Path) -> int:
        target.write_text("half")
        raise OSError(28, "No space left on device")

    def publish_again() -> None:
        with PublishedFiles(tmp_path) as files:
            files.put("a/b.txt", writing("new"), "2")
            files.put("c.txt", fails, "2")

    with pytest.raises(PublishError, match="No space left on device"):
        publish_again()
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]
    assert (tmp_path / "a/b.txt").read_text() == TEXT


def test_temporary_files_of_a_killed_publication_are_removed(tmp_path: Path) -> None:
    """The next publication removes them."""
    (tmp_path / ".publishing").mkdir()
    for name in ("0" * 64, "tmp_" + "f" * 64):
        (tmp_path / ".publishing" / name).write_text("half")
    published(tmp_path)
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: (path / "mine").mkdir(parents=True),
        lambda path: path.write_text("mine"),
        lambda path: path.symlink_to("/nowhere"),
        lambda path: path.symlink_to("/tmp"),
    ],
)
def test_foreign_files_named_like_temporary_ones_are_kept(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """No directory of another program is emptied."""
    make(tmp_path / ".publishing")
    before = everything_below(tmp_path)
    with pytest.raises(ConfigurationError, match=r"\.publishing already exists"):
        published(tmp_path)
    assert everything_below(tmp_path) == before


def test_a_pipe_in_the_place_of_the_manifest_is_not_read(tmp_path: Path) -> None:
    """Reading it might never end."""
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(ConfigurationError, match=r"manifest\.json already exists"):
        published(tmp_path)


def test_a_directory_that_cannot_be_created_is_a_clear_error(tmp_path: Path) -> None:
    """The error names the file in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="file/below cannot be written"):
        published(tmp_path / "file/below")
