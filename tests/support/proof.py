"""Whether the full proof runs, rather than the gate's sample."""

from __future__ import annotations

import os

IS_PROOF = os.environ.get("HYPOTHESIS_PROFILE") == "proof"
