"""What objects show in a notebook: all text is escaped, and pictures hold their pixels."""

import base64
import io
import re

import numpy as np
from PIL import Image

from dlgmm_core.runtime.html import Markup, bar, picture, table


def test_all_text_is_escaped_and_markup_is_not() -> None:
    shown = table("<i>caption", ("<i>head", "b"), [("<i>name", "<i>cell"), ("c", Markup("<em>drawn</em>"))])
    assert "<i>" not in shown and shown.count("&lt;i&gt;") == 4
    assert "><em>drawn</em></td>" in shown
    assert "<i>" not in picture(np.zeros((2, 2)), '"<i>')


def test_a_table_sets_no_colour_of_text_or_ground_so_that_it_is_read_in_light_and_dark() -> None:
    shown = table("a", ("b", "c"), [("d", bar(0.5))])
    assert not re.search(r"(?<!-)color:|<style|class=", shown)
    assert re.findall("background: (#[0-9a-f]+)", shown) == ["#3f90da"] and "width: 40px" in shown


def test_a_picture_is_enlarged_by_whole_pixels() -> None:
    ink = np.array([[0, 1, 0.5], [1, 0, 0]])
    source = re.search('base64,([^"]+)"', picture(ink, "two rows"))
    assert source is not None
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(source[1]))))
    assert np.array_equal(shown, np.array([[0, 255, 128], [255, 0, 0]]).repeat(19, 0).repeat(19, 1))
