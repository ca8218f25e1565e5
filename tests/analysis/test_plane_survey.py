"""A survey of posteriors: what it says of each image, and its file."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from dlgmm_core.analysis.plane import kl_q_p, modes
from dlgmm_core.analysis.plane_survey import (
    PosteriorSurvey,
    read_survey,
    save_survey,
    survey_posteriors,
)
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import POSTERIORS, Checkpoint
from dlgmm_core.store.files import CheckpointError


def test_a_survey_has_the_modes_and_the_gap_of_each_image() -> None:
    torch.manual_seed(3)
    model = build_model(ModelConfig("gauss-vae", 2, hidden=16, image_shape=(2, 3)))
    with torch.no_grad():
        model.decoder.output.weight *= 30  # type: ignore[union-attr]
    images = ((np.arange(64)[:, None] >> np.arange(6)) & 1).astype(np.uint8)
    grid, chosen = PlaneGrid.of(model, images, size=64), [5, 40, 41]
    found = survey_posteriors(grid, images, chosen, every=2)
    assert [apart > 0 for apart in found.apart] == [len(shares) > 1 for shares in found.shares]
    for image, shares, gap in zip(images[chosen], found.shares, found.gaps, strict=True):
        field = grid.resolved(next(grid.fields(image[None])), image)
        with torch.no_grad():
            q = model.posterior(torch.from_numpy(image)[None].float())
        assert shares == pytest.approx([mode.share for mode in modes(field)], abs=1e-3)
        assert gap == pytest.approx(kl_q_p(grid, field, image, q), abs=1e-3)
    assert all(len(each) == 2 for each in found.best.values())
    assert found.best["one Gaussian"][0] <= found.gaps[0] + 1e-3


def test_divided_images_are_those_with_modes_apart_that_whose_largest_is_smallest_first() -> None:
    shares = ((0.7, 0.3), (0.6, 0.3, 0.1), (0.5, 0.5), (1.0,))
    survey = PosteriorSurvey((3, 7, 8, 9), shares, (5.0, 5.0, 2.0, 0.0), (1.0, 2.0, 9.0, 0.5))
    assert survey.divided == [7, 3] and survey.modes.tolist() == [2, 3, 2, 1]
    assert PosteriorSurvey((3,), ((1.0,),), (0.0,), (1.0,)).divided == []


def test_a_survey_is_read_as_it_was_written_for_the_same_weights(make: Callable[..., Checkpoint]) -> None:
    checkpoint = make("plane", code_dim=2)
    survey = PosteriorSurvey((3, 7), ((0.7, 0.3), (1.0,)), (4.0, 0.0), (1.0, 2.0), {"a": (0.5,)}, 2)
    assert read_survey(checkpoint) is None
    save_survey(checkpoint, survey)
    assert read_survey(checkpoint) == survey
    assert read_survey(make("plane", code_dim=2)) is None
    incomplete = json.dumps({"weights": checkpoint.digest, "images": [1]})
    for damaged in ("no JSON", "[]", incomplete):
        (checkpoint.folder / POSTERIORS).write_text(damaged, encoding="utf-8")
        with pytest.raises(CheckpointError, match=f"{POSTERIORS} is damaged.*: remove it"):
            read_survey(checkpoint)
