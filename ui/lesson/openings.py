"""How a step opens its page: the session's values of what its question is about, whatever had been chosen there."""

from dlgmm_core.experiments.table import FIGURE_2
from ui import loaders
from ui.components.live import trained_prior
from ui.latent.choices import only_maps
from ui.latent.map_view import plain_view
from ui.lesson.outcomes import DATASET, DLGMM, GAUSS_VAE

__all__ = ["open_classes", "open_figure_2", "open_search"]


def open_figure_2() -> dict[str, object]:
    """The paper's figure 2 as it was trained."""
    checkpoint = loaders.named(FIGURE_2)
    return {} if checkpoint is None else trained_prior(checkpoint)


def open_classes() -> dict[str, object]:
    """The maps of the DLGMM and the Gauss-VAE, all classes in their colours."""
    return only_maps([DLGMM, GAUSS_VAE]) | plain_view()


def open_search() -> dict[str, object]:
    """The search by which the paper's errors are recorded."""
    whole = len(loaders.dataset(DATASET).train)
    return {"knn-code": "sample", "knn-metric": "euclidean", "knn-points": whole}
