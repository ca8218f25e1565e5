"""The recipe that reaches the paper's figures in a minute or two: what `train --recipe fast` asks for."""

from dataclasses import replace

import pytest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.experiments.experiment import Experiment, paper_model
from dlgmm_core.experiments.fast_table import fast, fast_recipe
from dlgmm_core.options import Parser, add_configuration, model_config, train_config


def asked(*words: str) -> tuple[ModelConfig, TrainConfig]:
    parser = Parser()
    add_configuration(parser, ModelConfig)
    add_configuration(parser, TrainConfig)
    options = parser.parse_args(words)
    return model_config(options), train_config(options)


@pytest.mark.parametrize("experiment", fast(), ids=lambda experiment: experiment.name)
def test_the_command_line_trains_what_the_experiments_measured(experiment: Experiment) -> None:
    seed = str(experiment.train.seed)
    assert asked(experiment.model.model, "--recipe", "fast", "--seed", seed) == (experiment.model, experiment.train)
    assert experiment.model == paper_model(experiment.model.model)


def test_a_model_that_is_not_the_papers_is_trained_as_a_gauss_vae_is() -> None:
    assert fast_recipe("student-vae") == fast_recipe("gauss-vae") != fast_recipe("dlgmm")


def test_other_options_still_say_what_differs_and_the_papers_recipe_is_the_usual_one() -> None:
    _, train = asked("gauss-vae", "--recipe", "fast", "--epochs", "3", "--bound", "iwae")
    assert train == replace(fast_recipe("gauss-vae"), max_epochs=3, bound="iwae")
    assert asked("dlgmm")[1] == asked("dlgmm", "--recipe", "paper")[1] == TrainConfig()
