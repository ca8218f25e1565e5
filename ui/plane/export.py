"""Export of the plane: the mean code of every test image, and the prior as the visitor has moved it."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from ui.exporting import recipes_plane
from ui.exporting.exports import About, export
from ui.plane.posteriors import Means

__all__ = ["export_plane"]


def export_plane(checkpoint: Checkpoint, dataset: Dataset, codes: NDArray[np.float32], means: Means) -> None:
    """The codes (N, D) of the test images, with their classes where there are any.

    Args:
        checkpoint: whose.
        dataset: of the test images.
        codes: as they are drawn.
        means: of the prior's components.
    """
    about = About("mean codes of the test images, and the prior", [checkpoint], dataset.name)
    code = partial(recipes_plane.plane, checkpoint, means)
    export("plane", about, code, lambda: _table(codes, dataset.test.labels))


def _table(codes: NDArray[np.float32], labels: NDArray[np.int64] | None) -> pd.DataFrame:
    columns = {f"z{d + 1}": codes[:, d] for d in range(codes.shape[1])}
    return pd.DataFrame(({} if labels is None else {"class": labels}) | columns)
