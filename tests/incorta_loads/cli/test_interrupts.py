"""Rules for Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from incorta_loads.cli.interrupts import Interrupt, graceful_interrupt, prompt_interrupt
from incorta_loads.errors import InterruptedRunError, ModelsError

SIGNALS = [(signal.SIGINT, "SIGINT", 130), (signal.SIGTERM, "SIGTERM", 143)]


def handlers() -> list[object]:
    return [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]


@pytest.mark.parametrize(("number", "name", "exit_code"), SIGNALS)
def test_the_first_signal_requests_a_stop(
    number: signal.Signals, name: str, exit_code: int
) -> None:
    """The process keeps running; when the run checks, it stops with the signal's code and a
    reason."""
    with graceful_interrupt() as interrupt:
        assert not interrupt.stopping.is_set()
        signal.raise_signal(number)
        assert interrupt.stopping.is_set()
        with pytest.raises(InterruptedRunError) as raised:
            interrupt.raise_if_set("all is kept.")
    assert str(raised.value) == f"Interrupted by {name}; all is kept."
    assert raised.value.exit_code == exit_code


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_the_process(first: signal.Signals, second: signal.Signals) -> None:
    """The second signal takes effect immediately, whichever the first one was."""
    code = (
        "import signal\n"
        "from incorta_loads.cli.interrupts import graceful_interrupt\n"
        "with graceful_interrupt():\n"
        f"    signal.raise_signal({int(first)})\n"
        "    print('goes on', flush=True)\n"
        f"    signal.raise_signal({int(second)})\n"
        "    print('goes on', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-second, "goes on\n")


def test_without_a_signal_nothing_is_raised() -> None:
    """Checking for a signal raises nothing if there was none."""
    with graceful_interrupt() as interrupt:
        interrupt.raise_if_set("unused")
    assert (interrupt.stopping.is_set(), interrupt.signal_number) == (False, None)
    Interrupt().raise_if_set("unused")


def test_the_previous_handlers_are_restored() -> None:
    """Handlers are restored also after a signal or an error."""
    before = handlers()
    with graceful_interrupt():
        assert all(now != then for now, then in zip(handlers(), before, strict=True))
        signal.raise_signal(signal.SIGTERM)
    assert handlers() == before
    with pytest.raises(ZeroDivisionError), graceful_interrupt():
        _ = 1 / 0
    assert handlers() == before
    with pytest.raises(InterruptedRunError), prompt_interrupt("unused"):
        signal.raise_signal(signal.SIGINT)
    assert handlers() == before


@pytest.mark.parametrize(("number", "name", "exit_code"), SIGNALS)
def test_a_prompt_interrupt_stops_the_work_immediately(
    number: signal.Signals, name: str, exit_code: int
) -> None:
    """No code after the signal runs, and the error states what is kept."""
    done = []

    def work() -> None:
        done.append("before")
        signal.raise_signal(number)
        done.append("after")

    with pytest.raises(InterruptedRunError) as raised, prompt_interrupt("the tables are kept."):
        work()
    assert done == ["before"]
    assert str(raised.value) == f"Interrupted by {name}; the tables are kept."
    assert raised.value.exit_code == exit_code


def test_an_error_caused_by_the_signal_is_reported_as_an_interrupt() -> None:
    """If the work reports the signal as its own failure, the interrupt is still raised."""

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            raise ModelsError("cancelled") from None

    with pytest.raises(InterruptedRunError) as raised, prompt_interrupt("the tables are kept."):
        work()
    assert raised.value.exit_code == 143


def test_a_prompt_interrupt_passes_other_errors_on() -> None:
    """Without a signal, the work's error or success is the result."""
    with pytest.raises(ModelsError, match="failed by itself"), prompt_interrupt("unused"):
        raise ModelsError("failed by itself")
    with pytest.raises(KeyboardInterrupt), prompt_interrupt("unused"):
        raise KeyboardInterrupt
    with prompt_interrupt("unused"):
        done = True
    assert done
