"""The numbers of a posterior under a trained prior are those of the survey that is kept of the model."""

from dlgmm_core.analysis.plane_survey import read_survey
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.store.checkpoints import read_checkpoint
from tests.fixtures import CHECKPOINTS
from ui.plane.posteriors import in_percent, posterior


def test_a_trained_prior_has_the_numbers_of_the_kept_survey(alice: None) -> None:
    checkpoint, images = read_checkpoint(CHECKPOINTS / "mnist-gauss-vae-plane"), load_dataset("mnist").test.binary
    survey = read_survey(checkpoint)
    assert survey is not None
    for image in 2970, 8080:  # interpolated, the second mode of the latter would have half as much again
        found, place = posterior(checkpoint, images[image]), survey.images.index(image)
        assert in_percent(found.shares) == in_percent(survey.shares[place])
        assert f"{found.kl_q_p:.2f}" == f"{survey.gaps[place]:.2f}"
