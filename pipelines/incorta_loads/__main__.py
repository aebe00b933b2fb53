"""Entry point of the command `incorta-loads`."""

from __future__ import annotations

import signal

from incorta_loads.config.environment import remove_library_variables


def main() -> None:
    """Runs the command. Ctrl-C during its imports ends it without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # otherwise the caller ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    remove_library_variables()
    from incorta_loads.cli.main import main as run  # noqa: PLC0415 (slow imports)

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
