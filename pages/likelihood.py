"""-log p(x) of the chosen models on a test set, beside the paper's."""

from dataclasses import asdict
from functools import partial

import pandas as pd
import streamlit as st

from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.experiments.paper import paper_nll
from dlgmm_core.model.models import MODELS
from ui import loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export, figure
from ui.figures import nll_figure
from ui.jobs.measuring import measure_button
from ui.numbers import right
from ui.sidebar import selection
from ui.tables.records import likelihood_records, show_records

st.title("Likelihood")
st.write(
    "−log p(x) says how much a test image surprises a model, in nats: lower is better. It is estimated with S"
    " importance samples and falls towards the truth as S grows, so compare figures of one S only; the paper used"
    " S = 50."
)
chosen = selection()
rows, unmeasured = [], []
for checkpoint in chosen.checkpoints:
    measured = loaders.measurements(checkpoint).get(chosen.dataset)
    if measured is None:
        unmeasured.append(checkpoint)
        continue
    model = checkpoint.model_config.model
    figures = measured.figures
    for samples, nll in figures.nll.items():
        rows.append(
            {
                "model": model,
                "name": checkpoint.name,
                "samples": int(samples),
                **asdict(nll),
                "seed": "–" if measured.seed is None else measured.seed,
                "elbo": figures.elbo.value if figures.elbo else None,
                "bound": figures.elbo.bound if figures.elbo else None,
                "paper": paper_nll(checkpoint.model_config, chosen.dataset),
            }
        )
if rows:
    frame = pd.DataFrame(rows).astype({"paper": float})
    with figure("nll"):
        st.plotly_chart(nll_figure(frame), key="nll", alt="−log p(x) of every checkpoint, as in the table below")
    measured = [c for c in chosen.checkpoints if c not in unmeasured]
    seeds = ", ".join(map(str, frame.drop_duplicates("name")["seed"]))
    about = About("−log p(x), nats per image", measured, chosen.dataset, seeds)
    export("nll", about, partial(recipes_test_set.likelihood, measured, chosen.dataset), lambda: frame)
    numbers = {
        "S": frame["samples"],
        "−log p(x), nats": [f"{v:.2f} ± {c:.2f}" for v, c in zip(frame["value"], frame["ci95"], strict=True)],
        "Effective samples": frame["ess"].map("{:.1f}".format),
        "−ELBO, nats": [f"{-e:.2f} ({b})" for e, b in zip(frame["elbo"], frame["bound"], strict=True)],
        "Paper, S = 50": frame["paper"].map(lambda p: "–" if pd.isna(p) else f"{p:.2f}"),
    }
    words = {"Model": [MODELS[m].label for m in frame["model"]], "Checkpoint": frame["name"]}
    st.dataframe(pd.DataFrame(words | numbers), hide_index=True, column_config=right(numbers))
for checkpoint in unmeasured:
    st.info(f"**{checkpoint.name}** has not been measured on {DATASETS[chosen.dataset].label}.")
    if chosen.dataset == checkpoint.train_config.dataset:
        measure_button(checkpoint.name, "Measure it, in a few minutes")
    else:
        st.code(f"python -m dlgmm_core evaluate {checkpoint.name} --dataset {chosen.dataset}", language="bash")

show_records(
    chosen.dataset,
    likelihood_records,
    "Nats per image; ± is the half width of a 95 % interval over images. S counts all draws, which a mixture"
    " spreads over its components in proportion to their weights; S = 5000 is S = 50 on the whole test set plus"
    " the mean gain on 500 images. The paper's figures for MNIST are for Larochelle's binarization, the same"
    " digits under other noise; those for Omniglot are for other reductions of the drawings to 28×28.",
)
