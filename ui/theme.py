"""One colour for each component and class, the same on every page and chart; those of models are in `MODELS`.

Classes and components use the ten colours of M. A. Petroff, "Accessible color sequences for data
visualization" (2021), which can be distinguished under every common form of colour blindness. Some of them have little
contrast with a light page or a dark one: filled areas are outlined, and signs have their own shades of them.
"""

__all__ = [
    "CLASS_COLOURS",
    "COMPONENT_COLOURS",
    "DASHES",
    "OUTLINE",
    "PAPER_COLOUR",
    "SCALE_COLOURS",
    "SIGN_COLOURS",
    "STYLE",
    "component_colour",
    "contrast",
    "ink_on",
]

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
# By theme: of signs, which are thin. As near to the ten as contrast and colour blindness allow (`tests/test_theme.py`).
SIGN_COLOURS = {
    "light": (
        "#3f90da",
        "#aa9248",
        "#bd1f01",
        "#92958f",
        "#832db6",
        "#a96b59",
        "#e76300",
        "#7e7636",
        "#717581",
        "#3c5f5b",
    ),
    "dark": (
        "#3f90da",
        "#ffa90e",
        "#bf2609",
        "#94a4a2",
        "#8f41bd",
        "#a96b59",
        "#e76300",
        "#b9ac70",
        "#717581",
        "#92dadd",
    ),
}
DASHES = ("solid", "dash", "dot", "dashdot")  # of curves of checkpoints of one model
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
PAPER_COLOUR = "#8b8b91"
OUTLINE = "#808080"  # seen on light and on dark
# viridis (N. Smith and S. van der Walt, 2015), from low to high: even steps of lightness
SCALE_COLOURS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")

# Streamlit writes white on the theme's primary colour, which is pale where the theme is dark; its field of several
# choices shows four and a half of them in the sidebar; on a phone it cuts links off, breaks titles inside words, and
# does not break the long name of a checkpoint; and above a page it leaves an eighth of a projector's height empty.
STYLE = """<style>
[data-testid=stMainBlockContainer] { padding-top: 2.25rem; padding-bottom: 3rem; }
@media (min-width: 768px) { [data-testid=stMainBlockContainer] { padding-left: 2.5rem; padding-right: 2.5rem; } }
[data-testid=stMain] { overflow-wrap: break-word; }
[data-testid=stHeader] { background: none; }
:is([data-testid=stHeader], [data-testid=stToolbar]) { pointer-events: none; }
[data-testid=stHeader] :is(button, a) { pointer-events: auto; }
[data-testid=stMain] h1 { padding: 0 0 .25rem; }
[data-testid=stMain] h2 { padding: .5rem 0 .25rem; }
[data-testid=stMultiSelect] [data-tag], [data-testid^=stBaseButton-primary]:enabled { background-color: #2b6cb0; }
[data-testid=stSidebar] :has(> [data-testid=stMultiSelectTagsContainer]) { max-height: 24rem; }
[data-testid=stPageLink] * { white-space: normal; }
@media (max-width: 360px) { [data-testid=stMain] h1 { font-size: 2rem; } }
</style>"""


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
