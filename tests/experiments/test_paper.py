"""What the paper and its authors' logs say of an architecture, and of no other."""

from dataclasses import replace

import pytest

from dlgmm_core.config import TrainConfig
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.experiments.paper import paper_bound

TRAIN = TrainConfig()


@pytest.mark.parametrize("dataset", ["mnist", "binarized-mnist"])
@pytest.mark.parametrize(("model", "level"), [("gauss-vae", -103.24), ("dlgmm", -104.75)])
def test_the_level_of_the_authors_runs_is_known(model: str, level: float, dataset: str) -> None:
    assert paper_bound(paper_model(model), replace(TRAIN, dataset=dataset)) == level


@pytest.mark.parametrize("model", ["sb-vae", "dldpmm"])
def test_without_a_log_there_is_no_level(model: str) -> None:
    assert paper_bound(paper_model(model), TRAIN) is None


@pytest.mark.parametrize(
    ("model", "train"),
    [
        (paper_model("dlgmm", 5), TRAIN),
        (paper_model("dlgmm", num_components=2, prior_means=(0.0, 0.0), prior_scales=(1.0, 1.0)), TRAIN),
        (paper_model("dlgmm"), replace(TRAIN, bound="marginal")),
        (paper_model("dlgmm"), replace(TRAIN, bound="iwae", num_samples=2)),
        (paper_model("dlgmm"), replace(TRAIN, dataset="omniglot")),
    ],
    ids=["code", "components", "marginal", "iwae", "omniglot"],
)
def test_another_architecture_bound_or_data_set_has_no_level(model: object, train: TrainConfig) -> None:
    assert paper_bound(model, train) is None  # type: ignore[arg-type]
