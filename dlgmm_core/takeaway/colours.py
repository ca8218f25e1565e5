"""Colours of components and classes: the ten of M. A. Petroff, "Accessible color sequences" (2021), then more."""

__all__ = ["CLASS_COLOURS", "COMPONENT_COLOURS", "component_colour", "contrast", "ink_on"]

CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
# Components from the eleventh on: in turn the colour that differs most, in CIELAB, from all before it
# (C. Glasbey et al., "Colour displays for categorical images", 2007).
_MORE_COLOURS = (
    "#80f070",
    "#1010f0",
    "#801050",
    "#106030",
    "#f0a0f0",
    "#f010b0",
    "#10f0c0",
    "#e0e050",
    "#3070f0",
    "#504080",
    "#d010f0",
    "#70a020",
    "#f01050",
    "#706010",
    "#f07080",
    "#90d090",
    "#802010",
    "#e09050",
    "#d01070",
    "#e070f0",
)
COMPONENT_COLOURS = CLASS_COLOURS + _MORE_COLOURS


def component_colour(index: int) -> str:
    """Colour of component `index`, counted from 0; they repeat after thirty."""
    return COMPONENT_COLOURS[index % len(COMPONENT_COLOURS)]


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour`."""
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours #rrggbb, from 1 to 21, as WCAG 2.2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    levels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
