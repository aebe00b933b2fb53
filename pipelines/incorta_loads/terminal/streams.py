"""Wraps stdout and stderr to handle write errors."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from incorta_loads.errors import OutputError


class Output(io.TextIOWrapper):
    """stdout with errors of its own, so that they are not mistaken for errors of other files.

    Raises:
        OutputError: the text could not be written.
        BrokenPipeError: the reader closed the pipe.
    """

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise _failed(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise _failed(error) from error


class ErrorOutput(io.TextIOWrapper):
    """stderr with write errors ignored, because there is nowhere to report them.

    Attributes:
        is_incomplete: whether text was lost although the pipe was open.
    """

    is_incomplete = False

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._note(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        self.is_incomplete |= not isinstance(error, BrokenPipeError)


def take_streams() -> None:
    """Replaces stdout and stderr with the wrapped streams.

    If the parent process closed a stream, its output is discarded.
    """
    sys.stdout = _wrapped(sys.stdout, Output)
    sys.stderr = _wrapped(sys.stderr, ErrorOutput)


def is_stderr_incomplete() -> bool:
    """Returns whether lines on stderr were lost."""
    sys.stderr.flush()
    return isinstance(sys.stderr, ErrorOutput) and sys.stderr.is_incomplete


def discard(descriptor: int) -> None:
    """Discards buffered output for file descriptor 1 or 2.

    Otherwise Python would fail again when it flushes the stream at exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _wrapped(stream: TextIO | None, kind: type[io.TextIOWrapper]) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    return kind(
        stream.buffer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _failed(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    reason = error.strerror or str(error)
    return OutputError(
        f"The output could not be written: {reason}; free some space, or redirect it."
    )
