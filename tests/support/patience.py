"""How long tests wait: only what hangs takes longer, however busy the machine is.

A test fails for what happens, never for when: it waits for an event, asks for a count, or has a
clock of its own. These limits turn what would wait for ever into a failure.
"""

from __future__ import annotations

HANG_SECONDS = 60
"""For one step: an answer over loopback, the end of a thread, a line of another process."""

COMMAND_SECONDS = 600
"""For a whole command, which may import, load and build."""
