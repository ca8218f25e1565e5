"""Maps of the test codes by class, two models side by side."""

import streamlit as st

from ui.latent import show_image, show_map
from ui.sidebar import choose_checkpoint, selection

st.title("Latent space")
st.write(
    "Every point is a test image, placed by t-SNE so that similar codes lie together; colours are classes the models"
    " never saw. Look for classes that one model separates and the other does not, and click a point to see its image."
)
# Maps are of the test set that a model was trained beside.
checkpoints = selection().checkpoints
names = [c.name for c in checkpoints]
sides = (("latent-left", "mnist-gauss-vae", "Left map"), ("latent-right", "mnist-dlgmm", "Right map"))
for column, (key, preferred, title) in zip(st.columns(2, gap="large"), sides, strict=True):
    with column:
        checkpoint = choose_checkpoint(checkpoints, key, preferred, title)
        show_map(checkpoint, f"{key}-map-{checkpoint.name}")
        if "latent-image" in st.session_state:
            show_image(checkpoint, st.session_state["latent-image"])
if "latent-image" not in st.session_state:
    st.caption("Click a point: its image and reconstructions appear here, and a ring marks it on both maps.")
