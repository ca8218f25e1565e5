"""Maps as still pictures."""

import numpy as np

from ui.scatter import draw_map


def test_a_map_has_its_second_coordinate_upwards_as_the_page_of_maps() -> None:
    places = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    drawn = np.asarray(draw_map(places, np.zeros(3, np.int64), ("a",), 60, marked=np.array([1, 3], np.float32)))
    ink = (drawn[:60] < 100).all(-1)  # the ring, and no dot
    rows, columns = ink.nonzero()
    assert rows.max() < 25 and columns.size > 10
