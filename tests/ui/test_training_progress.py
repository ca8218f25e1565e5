"""What is said of a run while it trains, and how long it is said to take."""

import pytest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.options import Parser, add_configuration, as_options, model_config, train_config
from dlgmm_core.store.history import EpochMetrics
from ui.training.expected import duration
from ui.training.presets import PRESETS, expected_epochs, recipe_words
from ui.training.progress import (
    Part,
    Plan,
    fitted_share,
    parts_of,
    progress_words,
    seconds_left,
    share_done,
    starting_bound,
)

TWENTY = Plan(20, 20)


def epochs(*seconds: float) -> list[EpochMetrics]:
    return [EpochMetrics(n, -200.0, -190.0, 1, -190.0, each) for n, each in enumerate(seconds, 1)]


# --- recipes -------------------------------------------------------------------------------------


def test_recipes_are_those_of_the_experiments_with_fewer_epochs() -> None:
    for dataset in ("mnist", "omniglot"):
        assert PRESETS["paper"].recipe(dataset) == (
            EXPERIMENTS[f"{dataset}-dlgmm"].model,
            EXPERIMENTS[f"{dataset}-dlgmm"].train,
        )
        shipped = EXPERIMENTS[f"{dataset}-dlgmm-clusters10"]
        model, train = PRESETS["clusters"].recipe(dataset)
        differing = {k for k, v in train.to_dict().items() if v != shipped.train.to_dict()[k]}
        assert model == shipped.model and differing == {"max_epochs", "patience"}
        assert train.max_epochs < shipped.train.max_epochs
    fast = EXPERIMENTS["mnist-dlgmm-fast"]
    assert next(iter(PRESETS)) == "fast" and PRESETS["fast"].recipe("mnist") == (fast.model, fast.train)
    assert PRESETS["fast"].about("mnist") == "To the likelihood that the paper reports."
    few = PRESETS["fast"].recipe("omniglot")[1]  # as many steps, and no promise of what was not measured
    assert few.patience == few.max_epochs > fast.train.max_epochs
    assert "on MNIST" in PRESETS["fast"].about("omniglot")
    model, _ = PRESETS["plane"].recipe("mnist")
    assert model.code_dim == 2 and not model.has_identical_components


def test_a_run_that_may_stop_early_is_expected_to_take_a_typical_number_of_epochs() -> None:
    assert expected_epochs(PRESETS["paper"].recipe("mnist")[1]) == 200
    assert expected_epochs(TrainConfig(max_epochs=20)) == 20
    assert expected_epochs(TrainConfig(max_epochs=100)) == 100


def test_a_recipe_is_one_line_of_words() -> None:
    assert recipe_words(PRESETS["paper"].recipe("mnist")) == (
        "DLGMM on MNIST, a code of 25 numbers; 3 equal fixed components, α = 1; bound eq1, learning rate 0.0003;"
        " 1,000 epochs, or 30 without a better validation bound."
    )
    for part in ("10 learnt components with full covariances, α = 0.05", "starts from mnist-gauss-vae-tuned", "cosine"):
        assert part in recipe_words(PRESETS["clusters"].recipe("mnist"))
    assert recipe_words((paper_model("dlgmm", 1), TrainConfig(max_epochs=1))).endswith("0.0003; 1 epoch.")


@pytest.mark.parametrize("name", ["mnist-dlgmm", "mnist-dlgmm-clusters10", "mnist-dlgmm-fig2", "omniglot-sb-vae-tuned"])
def test_options_say_the_whole_configuration(name: str) -> None:
    model, train = EXPERIMENTS[name].model, EXPERIMENTS[name].train
    parser = Parser()
    add_configuration(parser, ModelConfig)
    add_configuration(parser, TrainConfig)
    options = parser.parse_args([*as_options(model), *as_options(train)])
    assert (model_config(options), train_config(options)) == (model, train)


# --- progress ------------------------------------------------------------------------------------


def test_what_is_told_before_the_first_epoch_is_read() -> None:
    assert (starting_bound(""), fitted_share("it is loading")) == (None, 0.0)
    output = (
        "Starts from first, whose bound on training images is -95.250 nats.\n"
        "Fitting the components to the codes of first, start 1 of 12 …\n"
        "Fitting the components to the codes of first, start 4 of 12 …\n"
    )
    assert (starting_bound(output), fitted_share(output)) == (-95.25, 0.25)


def test_the_progress_of_the_command_line_is_read_as_parts_of_epochs() -> None:
    output = (
        "epoch 1:   0.0 %, 00:00 passed, ? left\n"
        "epoch 1:   5.2 %, 00:01 passed, 00:19 left, train -231.250 nats\n"
        "epoch 1:   9.2 %, 00:02 passed, 00:18 left, train -231.250 nats\n"
        "epoch 1:  10.0 %, 00:02 passed, 00:18 left, train -205.000 nats\n"
        "epoch    1   train  -180.000   valid  -150.000 nats   best  -150.000 at 1   20.1 s\n"
        "epoch 2:  50.0 %, 1:00:10 passed, 01:10 left, train -149.500 nats"
    )
    assert parts_of(output) == [
        Part(1, 0.0, 0, None),
        Part(1, 0.092, 2, -231.25),
        Part(1, 0.1, 2, -205.0),
        Part(2, 0.5, 3610, -149.5),
    ]
    assert parts_of("") == parts_of("epoch 2 \x00 50 % [train") == []


def test_the_time_left_is_that_of_the_newest_epochs_times_those_to_come() -> None:
    assert seconds_left(epochs(10.0), TWENTY, None) == 190
    assert seconds_left(epochs(10.0), TWENTY, Part(2, 0.5, 5, None)) == 185
    assert seconds_left(epochs(10.0), TWENTY, Part(1, 0.9, 9, None)) == 190, "the epoch that is over"
    assert seconds_left(epochs(99.0, *[2.0] * 4, 50.0), TWENTY, None) == 28, "their median, and no first one"
    assert seconds_left(epochs(*[1.0] * 20), TWENTY, None) == 0
    assert seconds_left([], TWENTY, Part(1, 0.25, 4, None)) == 16 * 19.75
    assert seconds_left([], TWENTY, Part(1, 0.25, 1, None)) is seconds_left([], TWENTY, None) is None


def test_the_words_say_which_epoch_of_how_many_and_the_time_left() -> None:
    assert progress_words(epochs(2.0), TWENTY, Part(2, 0.5, 1, None)) == "epoch 2 of 20, 37 s left"
    assert progress_words([], TWENTY, None) == "epoch 1 of 20"
    assert progress_words(epochs(6.0), Plan(1000, 30), None) == (
        "epoch 2 of at most 1,000, at most 1.7 hours left; it ends after 30 epochs without a better validation bound"
    )
    assert share_done(1, TWENTY, Part(2, 0.5, 1, None)) == 0.075
    assert share_done(1, Plan(1000, 30), Part(2, 0.5, 1, None)) == 0.5


def test_a_plan_is_read_off_the_options_of_a_run() -> None:
    assert Plan.of(["dlgmm", "--epochs", "7", "--patience", "9"], 1000, 30) == Plan(7, 9)
    assert Plan.of(["dlgmm", "--epochs", "many"], 1000, 30) == Plan(1000, 30)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, "1 s"), (40.2, "41 s"), (99.4, "100 s"), (240.0, "4 min"), (7200.0, "2 hours")]
)
def test_a_duration_has_two_digits(seconds: float, words: str) -> None:
    assert duration(seconds) == words
