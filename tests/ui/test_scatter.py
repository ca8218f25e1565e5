"""Maps as still pictures."""

import numpy as np

from ui.scatter import INK, draw_map


def test_a_map_has_its_second_coordinate_upwards_as_the_page_of_maps() -> None:
    places = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    drawn = np.asarray(draw_map(places, np.zeros(3, np.int64), ("a",), 200, marked=np.array([1, 3], np.float32)))
    ink = (drawn[:200] < 100).all(-1)  # the ring, and no dot
    rows, columns = ink.nonzero()
    assert rows.max() < 50 and columns.size > 100


def test_the_ring_has_a_halo_that_is_seen_on_any_colour() -> None:
    places = np.zeros((1, 2), np.float32)
    for theme, ring, halo in (("light", INK, "#ffffff"), ("dark", "#ffffff", "#000000")):
        drawn = draw_map(
            places, np.zeros(1, np.int64), ("a",), 60, marked=np.ones(2, np.float32), paper="#888888", theme=theme
        )
        found = {f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.asarray(drawn)[:60].reshape(-1, 3).tolist()}
        assert {ring, halo} <= found
