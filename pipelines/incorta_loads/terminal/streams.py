"""stdout and stderr, and what happens if they cannot be written."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from incorta_loads.errors import OutputError


class Output(io.TextIOWrapper):
    """stdout, whose errors cannot be taken for those of any other file.

    Raises:
        OutputError: the text could not be written.
        BrokenPipeError: whoever read it has enough.
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
    """stderr, whose errors end nothing: there is nowhere to report them.

    Attributes:
        is_incomplete: whether something could not be written, although somebody may read it.
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
    """Puts both in place; what whoever started the process has closed goes nowhere."""
    sys.stdout = _wrapped(sys.stdout, Output)
    sys.stderr = _wrapped(sys.stderr, ErrorOutput)


def is_stderr_incomplete() -> bool:
    """Whether lines on stderr were lost."""
    sys.stderr.flush()
    return isinstance(sys.stderr, ErrorOutput) and sys.stderr.is_incomplete


def discard(descriptor: int) -> None:
    """Sends what is still buffered for 1 or 2 nowhere, else Python fails once more at its end."""
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
        f"The output could not be written: {reason}; make room, or send it elsewhere."
    )
