"""Export of the divergence on the Kumaraswamy bench, which involves no model and no draws."""

from functools import partial

import numpy as np
import pandas as pd

from dlgmm_core.analysis.kumaraswamy_series import kl_by_quadrature, kl_by_series
from ui.exporting import recipes
from ui.exporting.exports import About, export

__all__ = ["export_series"]


def export_series(a: float, b: float, alpha: float, beta: float) -> None:
    """The divergence from Beta(alpha, beta) by a truncated series and by quadrature."""
    settings = {"a": a, "b": b, "prior alpha": alpha, "prior beta": beta}
    about = About("KL of Kumaraswamy(a, b) from Beta(α, β), nats", settings=settings)
    export("bench-series", about, partial(recipes.series, a, b, alpha, beta), lambda: _series(a, b, alpha, beta))


def _series(a: float, b: float, alpha: float, beta: float) -> pd.DataFrame:
    cut = kl_by_series(a, b, alpha, beta)
    exact = kl_by_quadrature(a, b, alpha, beta)
    return pd.DataFrame({"terms": np.arange(1, len(cut) + 1), "series": cut, "quadrature": exact})
