"""Time limits of tests: only a hang takes longer, however busy the machine.

Tests do not depend on timing: they wait for events, count operations or use their own clock. These
limits turn an endless wait into a failure.
"""

from __future__ import annotations

HANG_SECONDS = 60
"""The limit of one step: a loopback response, the end of a thread, a line from a process."""

COMMAND_SECONDS = 600
"""The limit of a whole command, which may import, load and build."""
