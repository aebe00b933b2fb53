"""The trials of a table and its starts of errors, and since when there are more of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma

from scipy.stats import hypergeom

from sql.reference.keys import Row


@dataclass(frozen=True)
class Window:
    """The newest trials and those before them, of one width."""

    recent_trials: int
    recent_starts: int
    baseline_trials: int
    baseline_starts: int

    @property
    def p_worse(self) -> float:
        """Probability of at least as many recent starts."""
        return float(hypergeom.sf(self.recent_starts - 1, *self._margins))

    @property
    def p_better(self) -> float:
        """Probability of at most as many recent starts."""
        return float(hypergeom.cdf(self.recent_starts, *self._margins))

    @property
    def _margins(self) -> tuple[int, int, int]:
        return (
            self.recent_trials + self.baseline_trials,
            self.recent_starts + self.baseline_starts,
            self.recent_trials,
        )


def trials(counted: Sequence[Row], gap: int) -> list[Row]:
    """The runs at risk of a table, oldest first, without a start that is not over."""
    at_risk = [
        run
        for place, run in enumerate(counted)
        if place >= gap and not any(before["is_error"] for before in counted[place - gap : place])
    ]
    is_over = not any(run["is_error"] for run in counted[-gap:])
    return at_risk if is_over else at_risk[:-1]


def windows(
    in_order: Sequence[Row], widths: Sequence[int], baseline_trials: int, min_trials: int
) -> list[Window]:
    """The windows that are tested, of trials in order."""
    found = []
    for width in widths:
        recent = in_order[-width:]
        baseline = in_order[:-width][-baseline_trials:]
        if len(recent) == width and len(baseline) >= min_trials:
            found.append(Window(width, _starts(recent), len(baseline), _starts(baseline)))
    return found


def _starts(of_trials: Sequence[Row]) -> int:
    return sum(run["is_error"] for run in of_trials)


def twelve_digits(p: float) -> float:
    return float(f"{p:.11e}")


@dataclass(frozen=True)
class ChangePoint:
    """The start since which there are more, and the bounds of the change."""

    since: Row
    changed_after: Row | None
    changed_by: Row


def change_point(newest_trials: Sequence[Row]) -> ChangePoint | None:
    """Of the trials in the widest window and its baseline, in order."""
    newest_first = list(reversed(newest_trials))
    n = len(newest_first)
    starts = [run for run in newest_first if run["is_error"]]
    splits: dict[int, list[float]] = {}
    k = 0
    for a in range(1, n):
        k += newest_first[a - 1]["is_error"]
        if k * n > len(starts) * a:
            splits.setdefault(k, []).append(_log_b(k, a) + _log_b(len(starts) - k, n - a))
    if not splits:
        return None
    greatest = max(max(logs) for logs in splits.values())
    weights = {j: sum(exp(log - greatest) for log in logs) for j, logs in splits.items()}
    best = min(splits, key=lambda j: (-round(max(splits[j]), 9), j))
    earliest = _first_at(weights, 0.975)
    return ChangePoint(
        since=starts[best - 1],
        changed_after=starts[earliest] if earliest < len(starts) else None,
        changed_by=starts[_first_at(weights, 0.025) - 1],
    )


def _first_at(weights: dict[int, float], share: float) -> int:
    """The first start up to which there is this share of the weights."""
    total = sum(weights.values())
    cumulative = 0.0
    for j in sorted(weights):
        cumulative += weights[j]
        if cumulative / total >= share:
            return j
    return max(weights)


def _log_b(k: int, m: int) -> float:
    return lgamma(k + 1) + lgamma(m - k + 1) - lgamma(m + 2)
