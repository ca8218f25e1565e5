"""One colour for each component and class, the same on every page and chart; those of models are in `MODELS`.

Classes and components use the ten colours of M. A. Petroff, "Accessible color sequences for data
visualization" (2021), which can be distinguished under every common form of colour blindness. Some of them have little
contrast with a light page or a dark one: filled areas are outlined, and signs have their own shades of them.
"""

from dlgmm_core.takeaway.colours import CLASS_COLOURS, COMPONENT_COLOURS, component_colour, contrast, ink_on

__all__ = [
    "CLASS_COLOURS",
    "COMPONENT_COLOURS",
    "DASHES",
    "OUTLINE",
    "PAPER_COLOUR",
    "SCALE_COLOURS",
    "SIGN_COLOURS",
    "STYLE",
    "SYMBOLS",
    "component_colour",
    "contrast",
    "ink_on",
]

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
# Of curves of checkpoints of one model. Their numbers have no common divisor, so that 28 pairs differ, taken in turn.
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down")
PAPER_COLOUR = "#8b8b91"
OUTLINE = "#808080"  # seen on light and on dark
# viridis (N. Smith and S. van der Walt, 2015), from low to high: even steps of lightness
SCALE_COLOURS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")

# Streamlit writes white on the theme's primary colour, which is pale where the theme is dark; its field of several
# choices shows four and a half of them in the sidebar, and cuts their names; on a phone it cuts links off, breaks
# titles inside words or before their help, and does not break the long name of a checkpoint; above a page it leaves an
# eighth of a projector's height empty; a file that it has refused stays in red beside a later one that it takes;
# a popover whose content is on its way opens where there is room for nothing; and where nothing can hover, the toolbars
# of tables and charts always stand over the words above them.
STYLE = """<style>
:root { --page: light-dark(#ffffff, #171614); /* Streamlit's own, which it names in components alone */ }
[data-testid=stMainBlockContainer] { padding-top: 2.25rem; padding-bottom: 3rem; }
@media (min-width: 768px) { [data-testid=stMainBlockContainer] { padding-left: 2.5rem; padding-right: 2.5rem; } }
[data-testid=stMain] { overflow-wrap: break-word; }
[data-testid=stHeader] { background: none; }
:is([data-testid=stHeader], [data-testid=stToolbar]) { pointer-events: none; }
[data-testid=stHeader] :is(button, a) { pointer-events: auto; }
[data-testid=stMain] h1 { padding: 0 0 .25rem; }
[data-testid=stMain] h2 { padding: .5rem 0 .25rem; }
[data-testid=stMultiSelect] [data-tag], [data-testid^=stBaseButton-primary]:enabled { background-color: #2b6cb0; }
[data-testid=stSidebar] [data-tag] { height: auto; padding-block: .2rem; }
[data-testid=stSidebar] [data-tag] > span { white-space: normal; overflow-wrap: anywhere; }
[data-testid=stSidebar] :has(> [data-testid=stMultiSelectTagsContainer]) { max-height: 24rem; }
[data-testid=stFileChips] div:has(> [data-testid=stTooltipErrorHoverTarget]):has(~ div) { display: none; }
[data-testid=stPageLink] * { white-space: normal; }
[data-testid=stPopoverBody]:not(:has([data-testid=stElementContainer])) { min-height: 260px; }
@media (hover: none) { [data-testid=stElementToolbar] { display: none; } }
@media (max-width: 480px) {
  [data-testid=stMain] h1 { font-size: 2rem; }
  [data-testid=stHeaderActionElements] > a { display: none; }
}
</style>"""
