from __future__ import annotations

import pytest

from incorta_simulator.draws import draw


@pytest.mark.parametrize(
    ("key", "expected"), [((1, "gap", 7), 0.4248348975183366), (("a", "b"), 0.6540209024291299)]
)
def test_a_draw_is_the_same_everywhere(key: tuple[str | int, ...], expected: float) -> None:
    """These values are the same on every machine and version of Python."""
    assert draw(*key) == expected


def test_draws_are_uniform() -> None:
    """Of 10,000 draws, each tenth of the range has 1,000 ± 4 standard deviations."""
    tenths = [int(draw("key", number) * 10) for number in range(10_000)]

    assert all(880 < tenths.count(tenth) < 1120 for tenth in range(10))
