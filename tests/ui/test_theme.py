"""Colours: what is told by them can be told apart, and stands out, on a light page and on a dark one."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.model.models import MODELS
from ui.latent.live_maps import glyphs
from ui.theme import CLASS_COLOURS, COMPONENT_COLOURS, OUTLINE, PAPER_COLOUR, SIGN_COLOURS, contrast, ink_on

MODEL_COLOURS = tuple(family.colour for family in MODELS.values())
PAGES = {"light": "#ffffff", "dark": "#171614"}  # Streamlit's backgrounds
GRAPHICS, TEXT = 3.0, 4.5  # the least contrast of each in WCAG 2.2
APART, SIGNS_APART, THIRTY_APART = 15.0, 11.0, 7.0  # CIELAB; side by side 2.3 can be told apart

# G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A physiologically-based model for simulation of color
# vision deficiency" (2009), severity 1; of linear RGB.
SIGHTS = {
    "common": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB of a colour #rrggbb as that sight has it, under D65."""
    levels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    x, y, z = TO_XYZ @ np.clip(sight @ linear, 0, 1) / TO_XYZ.sum(1)
    fx, fy, fz = (value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116 for value in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def closest(colours: tuple[str, ...], sight: str) -> float:
    found = [lab(colour, SIGHTS[sight]) for colour in colours]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(found, 2))


def test_the_oracle_knows_published_colours() -> None:
    np.testing.assert_allclose(lab("#ff0000", np.eye(3)), [53.24, 80.09, 67.20], atol=0.02)
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_of_classes_and_models_differ_for_every_sight(sight: str) -> None:
    assert closest(CLASS_COLOURS, sight) > APART
    assert min(closest(colours, sight) for colours in SIGN_COLOURS.values()) > SIGNS_APART
    assert closest(MODEL_COLOURS, sight) > APART
    assert closest(COMPONENT_COLOURS, sight) > (APART if sight == "common" else THIRTY_APART)


def test_a_class_has_a_sign_of_its_own_beside_its_colour() -> None:
    for names in ([str(digit) for digit in range(10)], [f"alphabet {k}" for k in range(50)]):
        assert len(set(glyphs(names))) == len(names)


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_models_outlines_and_the_papers_figures_stand_out(page: str) -> None:
    for colour in (*MODEL_COLOURS, OUTLINE, PAPER_COLOUR):
        assert contrast(colour, page) >= GRAPHICS


@pytest.mark.parametrize("theme", SIGN_COLOURS)
def test_signs_stand_out_under_both_themes(theme: str) -> None:
    assert len(SIGN_COLOURS[theme]) == len(CLASS_COLOURS)
    assert all(contrast(colour, PAGES[theme]) >= GRAPHICS for colour in SIGN_COLOURS[theme])


def test_words_on_a_coloured_piece_can_be_read() -> None:
    for colour in CLASS_COLOURS:
        assert contrast(ink_on(colour), colour) >= TEXT
