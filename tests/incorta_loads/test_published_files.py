"""A directory whose files are replaced one by one, the manifest last."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from incorta_loads.errors import PublishError
from incorta_loads.published_files import PublishedFiles

TEXT = "what stands in it"


def writing(text: str = TEXT, rows: int = 1) -> Callable[[Path], int]:
    def write(target: Path) -> int:
        target.write_text(text)
        return rows

    return write


def published(directory: Path, *, text: str = TEXT, source: str | None = "1") -> PublishedFiles:
    """One publication of one file."""
    with PublishedFiles(directory) as files:
        if source is None or not files.keep("a/b.txt", source):
            files.put("a/b.txt", writing(text), source)
        files.commit({"version": "0"})
    return files


def everything_below(directory: Path) -> list[str]:
    return sorted(str(each.relative_to(directory)) for each in directory.rglob("*"))


def test_the_manifest_has_sum_size_and_rows_of_each_file(tmp_path: Path) -> None:
    """SHA-256 as sha256sum prints it."""
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


def test_nothing_but_what_is_published_is_left(tmp_path: Path) -> None:
    """No temporary file, no lock."""
    published(tmp_path)
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]


@pytest.mark.parametrize("source", ["1", None])
def test_what_did_not_change_is_not_written_again(tmp_path: Path, source: str | None) -> None:
    """By its source, or where it has none by its bytes."""
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
def test_what_somebody_damaged_is_written_again(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    """Though it would be made from the same source."""
    published(tmp_path)
    damage(tmp_path / "a/b.txt")
    assert published(tmp_path).rewritten == ["a/b.txt"]
    assert (tmp_path / "a/b.txt").read_text() == TEXT


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"files": {"a/b.txt": {"size": 1}}}', "null"])
def test_a_manifest_of_another_kind_is_no_manifest(tmp_path: Path, manifest: str) -> None:
    """Everything is written again then."""
    published(tmp_path)
    (tmp_path / "manifest.json").write_text(manifest)
    assert published(tmp_path).rewritten == ["a/b.txt"]


def test_what_is_published_no_more_is_removed(tmp_path: Path) -> None:
    """And what was never published stays."""
    published(tmp_path)
    (tmp_path / "a/mine.txt").write_text("mine")
    with PublishedFiles(tmp_path) as files:
        files.put("c.txt", writing())
        files.commit({})
    assert everything_below(tmp_path) == ["a", "a/mine.txt", "c.txt", "manifest.json"]


def test_a_manifest_removes_nothing_outside_its_directory(tmp_path: Path) -> None:
    """Whoever wrote it."""
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    directory = tmp_path / "published"
    directory.mkdir()
    line = {"sha256": "", "bytes": 4, "rows": None, "source": None}
    files = {"../outside.txt": line, str(outside): line}
    (directory / "manifest.json").write_text(json.dumps({"files": files}))
    published(directory)
    assert outside.read_text() == "mine"


def test_a_file_that_cannot_be_written_leaves_all_others_as_they_were(tmp_path: Path) -> None:
    """Every new file is there in full before the first one takes its place."""
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


def test_what_a_kill_left_is_cleared_by_the_next_publication(tmp_path: Path) -> None:
    """However it is called."""
    (tmp_path / ".publishing/below").mkdir(parents=True)
    (tmp_path / ".publishing/below/half").write_text("half")
    published(tmp_path)
    assert everything_below(tmp_path) == ["a", "a/b.txt", "manifest.json"]


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """With what is in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="file/below cannot be written"):
        published(tmp_path / "file/below")
