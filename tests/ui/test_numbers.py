"""Numbers in print: a minus sign that is one, and no sign on nothing."""

import pytest

from ui.numbers import printed, right


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [(-1.5, "g", "−1.5"), (-0.0, "g", "0"), (-0.001, ".2f", "0.00"), (-97.618, ".2f", "−97.62")],
)
def test_a_number_in_print(value: float, spec: str, expected: str) -> None:
    assert printed(value, spec) == expected


def test_columns_of_figures_are_set_to_the_right() -> None:
    assert right(["a", "b"]).keys() == {"a", "b"}
    assert all(column["alignment"] == "right" for column in right(["a", "b"]).values())
