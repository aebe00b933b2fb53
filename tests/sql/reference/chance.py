"""Intervals and p-values, computed by scipy and statsmodels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import fisher_exact, hypergeom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from sql.reference.keys import Row


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def rate(name: str, part: int, whole: int, design_effect: float | None) -> Row:
    """Three columns: the share and its Wilson interval, which are null if nothing is counted."""
    if whole == 0 or design_effect is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = proportion_confint(
        part / design_effect, whole / design_effect, alpha=0.05, method="wilson"
    )
    return {
        name: part / whole,
        f"{name}_low": min(max(float(low), 0.0), 1.0),
        f"{name}_high": min(max(float(high), 0.0), 1.0),
    }


def fisher(errors: int, runs: int, errors_before: int, runs_before: int) -> tuple[float, float]:
    """The probabilities of at least, and of at most, this many errors among the later runs."""
    table = np.array([[errors, runs - errors], [errors_before, runs_before - errors_before]])
    return (
        float(fisher_exact(table, alternative="greater")[1]),
        float(fisher_exact(table, alternative="less")[1]),
    )


def both_at_least(both: int, total: int, one: int, other: int) -> float:
    """The probability that `both` or more of `total` are by chance among `one` and `other`."""
    return float(hypergeom.sf(both - 1, total, one, other))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted by the method of Benjamini and Hochberg."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="fdr_bh")[1]]
