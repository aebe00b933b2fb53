"""The door of the command `incorta-loads`."""

from __future__ import annotations

import signal

from incorta_loads.config.environment import take_steering_names_away


def main() -> None:
    """Runs the command; until it can say a sentence, Ctrl-C ends it without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else the caller wants it to be ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    take_steering_names_away()
    from incorta_loads.cli.main import main as run  # noqa: PLC0415 (nothing can be said meanwhile)

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
