"""Samples of every component, under prior means and scales of one's choosing."""

import streamlit as st

from dlgmm_core.generation import component_samples
from dlgmm_core.models import MODELS
from ui import loaders
from ui.images import tile
from ui.sidebar import choose_checkpoint, selection

st.title("Components")
st.write(
    "Each row is one component of the prior, and every row sees the same noise: only the mean and the scale differ."
    " Move a mean away from its trained value and look for the point where digits stop being digits."
)
mixtures = [c for c in selection().checkpoints if MODELS[c.model_config.model].is_mixture]
if not mixtures:
    st.info("None of the chosen checkpoints is a mixture: choose a DLGMM or a DLDPMM in the sidebar.")
    st.stop()

left, middle, right = st.columns([3, 1, 1], vertical_alignment="bottom")
with left:
    checkpoint = choose_checkpoint(mixtures, "components-checkpoint", preferred="mnist-dlgmm-fig2")
config = checkpoint.model_config
seed = middle.number_input(
    "Seed of the noise", 0, 10_000, 0, key="components-seed", bind="query-params", persist_state="session"
)
binary = right.toggle(
    "Binarize",
    help="Show ink where its probability exceeds one half.",
    key="components-binary",
    persist_state="session",
)

components = range(config.num_components)
keys = [(f"mean-{checkpoint.name}-{k}", f"scale-{checkpoint.name}-{k}") for k in components]


def reset() -> None:
    """Puts every slider back to its trained value."""
    for (mean_key, scale_key), mean, scale in zip(keys, config.prior_means, config.prior_scales, strict=True):
        st.session_state[mean_key], st.session_state[scale_key] = mean, scale


if keys[-1][0] not in st.session_state:  # the last: a checkpoint trained again may have more components
    reset()
means = [st.session_state[mean_key] for mean_key, _ in keys]
scales = [st.session_state[scale_key] for _, scale_key in keys]
changed = (tuple(means), tuple(scales)) != (config.prior_means, config.prior_scales)
note, button = st.columns([4, 1], vertical_alignment="center")
note.caption(
    "**Not retrained**: the decoder has learnt codes from the trained means alone."
    if changed
    else "Means and scales are the trained ones, and all components are the same: so are their rows."
    if len(set(zip(means, scales, strict=True))) == 1 < len(means)
    else "Means and scales are the trained ones."
)
button.button("Reset to trained", on_click=reset, disabled=not changed, width="stretch")

model = loaders.model(checkpoint.folder, checkpoint.digest)
samples = component_samples(model, means, scales, count=14, seed=int(seed))
if binary:
    samples = samples > 0.5
for k, (mean_key, scale_key) in enumerate(keys):
    mean, scale, picture = st.columns([2, 2, 7], vertical_alignment="center")
    m, s = config.prior_means[k], config.prior_scales[k]  # which may lie outside of the usual
    mean.slider(
        f"mean m, component {k + 1}", min(-4.0, m), max(4.0, m), step=0.05, key=mean_key, persist_state="session"
    )
    scale.slider(
        f"scale s, component {k + 1}", min(0.05, s), max(2.0, s), step=0.05, key=scale_key, persist_state="session"
    )
    picture.image(
        tile(samples[k], columns=14, zoom=2),
        output_format="PNG",
        width="stretch",
        alt=f"Fourteen digits of component {k + 1}, mean {means[k]:.2f}, scale {scales[k]:.2f}",
    )
