"""The form of the page of training: it starts the run that it describes, and refuses in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.checks import ConfigError
from dlgmm_core.commands.table import build_parser
from dlgmm_core.config import TrainConfig, require_step_size
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.models import MODELS, build_model
from dlgmm_core.options import model_config, train_config
from tests.app_helpers import Make, Manager, begun, one_error, open_page, press, start, turn_to
from tests.disk_helpers import read_only_disk
from ui.training.fields import in_fields
from ui.training.presets import BY_HAND, PRESETS, Recipe, offered

pytestmark = pytest.mark.usefixtures("repository")


def by_hand() -> AppTest:
    """The page with all fields."""
    at = turn_to(start(), "train")
    return at.radio(key="train-preset").set_value(BY_HAND).run()


def recipe_of(arguments: list[str]) -> Recipe:
    """What the command line understands."""
    options = build_parser().parse_args(["train", *arguments])
    return model_config(options), train_config(options)


def fill(at: AppTest, **values: object) -> AppTest:
    """Fills in the form, by the beginnings of labels, and starts the run."""
    for label, value in values.items():
        beginning = label.replace("_", " ")
        kinds = (*at.text_input, *at.number_input, *at.selectbox)
        (widget,) = (w for w in kinds if w.label.startswith(beginning))
        widget.set_value(value)
    return press(at, "Start training")


@pytest.mark.parametrize("name", ["Big", "../up"])
def test_a_bad_name_is_refused_in_one_sentence(name: str, manager: Manager, own_checkpoints: Path) -> None:
    at = fill(turn_to(start(), "train"), Name=name)
    assert one_error(at).startswith("The name must be 1 to 40 lower-case letters, digits and hyphens")
    assert not manager.started and not list(own_checkpoints.iterdir())


def test_a_name_that_is_taken_is_refused_in_one_sentence(manager: Manager, make: Make) -> None:
    make("mine")
    at = fill(turn_to(start(), "train"), Name="mine")
    assert "There is a checkpoint or a run “mine” already" in one_error(at)
    assert not manager.started


def test_a_disk_that_cannot_be_written_is_one_sentence(manager: Manager, own_checkpoints: Path) -> None:
    at = turn_to(start(), "train")
    with read_only_disk():
        fill(at, Name="mine")
    assert "cannot be written (Read-only file system): allow this program to write there" in one_error(at)
    assert not manager.started and not list(own_checkpoints.iterdir())


def test_without_a_name_the_run_gets_one_that_is_free(manager: Manager, make: Make) -> None:
    make("my-dlgmm")
    at = fill(turn_to(start(), "train"))
    assert not at.exception and [name for name, _, _ in manager.started] == ["my-dlgmm-2"]


@pytest.mark.parametrize("means", ["a b", "", "   ", "1;2", "0 0 nan", "inf 0", "-inf 0", "1e400", "0 " * 51])
def test_bad_prior_means_are_refused_in_one_sentence(means: str, manager: Manager, own_checkpoints: Path) -> None:
    at = fill(by_hand(), Prior_means=means)
    one_error(at)
    assert not manager.started and not list(own_checkpoints.iterdir())


def test_without_a_free_slot_there_is_one_sentence(manager: Manager, own_checkpoints: Path) -> None:
    for name in ("one", "two"):
        begun(own_checkpoints, name, "somebody else")
        manager.run(name, "train", "import time; time.sleep(60)")
    at = turn_to(start(), "train")
    assert "Training slots in use by other visitors: 2." in [caption.value for caption in at.caption]
    assert one_error(fill(at)).startswith("All training slots of this server (2) are taken")


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ("-1.5 0 1.5", (-1.5, 0.0, 1.5)),
        ("−2,2", (-2.0, 2.0)),
        ("-0.00001 3", (-1e-5, 3.0)),
        ("1.2345678", (1.2345678,)),
    ],
)
def test_the_form_starts_the_run_that_it_describes(
    means: str, expected: tuple[float, ...], manager: Manager, own_checkpoints: Path
) -> None:
    at = by_hand()
    fill(
        at,
        Name="my-run",
        Bound="marginal",
        Epochs=7,
        Prior_means=means,
        Code_size=11,
        Seed=3,
        Concentration=2.0,
        Learning_rate=1e-5,
        Schedule="cosine",
        Prior_components="full",
        Num_samples=2,
    )
    assert not at.exception and not at.error
    ((name, verb, arguments),) = manager.started
    assert (name, verb) == ("my-run", "train")
    options = build_parser().parse_args([verb, *arguments])
    model, recipe = model_config(options), train_config(options)
    assert (options.name, model.model, model.code_dim, model.concentration) == ("my-run", "dlgmm", 11, 2.0)
    assert model.prior_means == expected and model.num_components == len(expected)
    assert (recipe.bound, recipe.max_epochs, recipe.seed, recipe.dataset) == ("marginal", 7, 3, "mnist")
    assert (recipe.learning_rate, recipe.schedule, recipe.num_samples) == (1e-5, "cosine", 2)
    assert model.prior_components == "full"


def test_several_layers_are_asked_for_by_hand(manager: Manager, own_checkpoints: Path) -> None:
    at = by_hand()
    assert "Components of each layer below the first" not in [box.label for box in at.text_input]
    at.number_input(key="train-layers").set_value(3).run()
    at.text_input(key="train-components-below").set_value("2 many").run()
    assert not at.error and any("not “2 many”" in caption.value for caption in at.caption)
    assert one_error(fill(at)) == (
        "Components of each layer below the first must be whole numbers from 1 to 50, separated by spaces or commas,"
        " not “2 many”."
    )
    at.checkbox(key="train-skip").check()
    fill(at, Components_of="2, 4", Code_size_of="7 8", Decoded=2)
    ((_, _, arguments),) = manager.started
    model, recipe = recipe_of(arguments)
    assert (model.components, model.code_dims, model.skip, recipe.decoded) == ((3, 2, 4), (25, 7, 8), True, 2)
    assert any("24 paths; 8 decoded in a step" in caption.value for caption in at.caption)


def test_the_chosen_recipe_and_the_sidebars_data_set_are_what_is_started(manager: Manager, make: Make) -> None:
    at = turn_to(start(), "train")
    for name in PRESETS:
        at.radio(key="train-preset").set_value(name).run()
        is_refused = any("this server has none for MNIST" in caption.value for caption in at.caption)
        (button,) = (button for button in at.button if button.label == "Start training")
        assert is_refused == button.disabled == (name == "clusters"), "its Gauss-VAE is not here"
        if not is_refused:
            press(at, "Start training")
        for job in manager.all():
            job.stop()
    begun_ones = [arguments for _, _, arguments in manager.started]
    assert [recipe_of(arguments) for arguments in begun_ones] == [
        PRESETS[n].recipe("mnist") for n in ("fast", "paper", "plane")
    ]


def test_the_fast_recipe_is_offered_where_the_paper_has_a_likelihood(manager: Manager) -> None:
    at = turn_to(start(), "train")
    for dataset, first in (("mnist", "fast"), ("omniglot", "fast"), ("digits", "paper"), ("binarized-mnist", "fast")):
        at.selectbox(key="dataset").set_value(dataset).run()
        preset = at.radio(key="train-preset")
        assert not at.exception and preset.options[:-1] == [each.label for each in offered(dataset).values()]
        assert next(iter(offered(dataset))) == first and preset.value in offered(dataset)
        at = preset.set_value(first).run()


def test_a_setting_that_is_refused_is_called_as_its_field_is() -> None:
    for model, train, words in (
        ({"code_dim": 0}, {}, "“Code size” must be a whole number from 1 to 1,000,000, not 0."),
        ({}, {"max_epochs": 0}, "“Epochs, at most” must be a whole number from 1 to 1,000,000, not 0."),
        (
            {"hidden_below": (2,)},
            {},
            "“Hidden units of each layer below the first” must be as many as the layers below",
        ),
    ):
        with pytest.raises(ConfigError) as error:
            paper_model("dlgmm", **model), TrainConfig(**train)  # type: ignore[arg-type]
        assert in_fields(error.value).startswith(words)
    with pytest.raises(ConfigError) as error:
        require_step_size(paper_model("dlgmm"), TrainConfig(num_samples=10**6))
    assert in_fields(error.value).startswith("number of components x “Num samples” x “Batch size” must be at most")


def test_a_start_that_does_not_fit_is_refused_before_anything_begins(manager: Manager, make: Make) -> None:
    make("first", hidden=4)
    at = by_hand()
    fill(at, Prior_components="full", Start_from="first", Code_size=3)
    assert one_error(at) == "A start must be a Gauss-VAE with the body, the “Code size” and the images of the mixture."
    assert not manager.started
    fill(at, Hidden=4)
    ((_, _, arguments),) = manager.started
    assert recipe_of(arguments)[1].start_from == "first"


def test_a_time_is_said_of_every_recipe_and_where_it_is_not_known_none(manager: Manager, make: Make) -> None:
    told = turn_to(start(), "train").radio(key="train-preset").proto.captions
    captions = dict(zip(PRESETS, told, strict=False))
    assert captions["paper"].endswith("About 40 min on this server for 200 epochs.")
    assert "server" not in captions["clusters"] and captions["plane"].endswith("About 2 min on this server.")
    assert " s on this server." in captions["fast"]


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_starts_with_the_defaults_of_the_form(model: str, manager: Manager, own_checkpoints: Path) -> None:
    at = by_hand()
    at.selectbox(key="train-model").set_value(model).run()
    fill(at)
    ((_, verb, arguments),) = manager.started
    config = model_config(build_parser().parse_args([verb, *arguments]))
    family = MODELS[model]
    assert (config.model, config.num_components) == (model, family.default_components)
    assert config.concentration == family.default_concentration
    build_model(replace(config, hidden=4))


def test_a_link_fills_in_the_form_and_what_it_holds_outlives_a_page_switch(
    manager: Manager, own_checkpoints: Path
) -> None:
    at = open_page("train", train_preset="Everything by hand", train_prior_means_dlgmm="-1 1", train_max_epochs="7")
    at.number_input(key="train-seed").set_value(5).run()
    turn_to(turn_to(at, "likelihood"), "train")
    fields = (
        at.text_input(key="train-prior-means-dlgmm"),
        at.number_input(key="train-max-epochs"),
        at.number_input(key="train-seed"),
    )
    assert [field.value for field in fields] == ["-1 1", 7, 5]


def test_measuring_starts_an_evaluation_of_that_checkpoint(manager: Manager, make: Make) -> None:
    make("raw")
    at = turn_to(start(), "likelihood")
    at.button(key="measure-raw").click().run()
    assert not at.exception
    assert manager.started == [("raw", "evaluate", ["raw", "--dataset", "mnist"])]
