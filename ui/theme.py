"""One colour for each model, component and class, the same on every page and chart.

Classes and components use the ten colours of M. A. Petroff, "Accessible color sequences for data
visualization" (2021), made to be told apart in every common form of colour blindness.
"""

__all__ = ["CLASS_COLOURS", "DASHES", "MODEL_COLOURS", "PAPER_COLOUR", "SCALE_COLOURS", "component_colour"]

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
MODEL_COLOURS = {"gauss-vae": "#5790fc", "sb-vae": "#f89c20", "dlgmm": "#e42536", "dldpmm": "#964a8b"}
DASHES = ("solid", "dash", "dot", "dashdot")  # of curves of checkpoints of one model
PAPER_COLOUR = "#9c9ca1"
# viridis (N. Smith and S. van der Walt, 2015), from low to high: even steps of lightness
SCALE_COLOURS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")


def component_colour(index: int) -> str:
    """Colour of component `index`, counted from 0; they repeat after ten."""
    return CLASS_COLOURS[index % len(CLASS_COLOURS)]
