"""Configurations survive JSON, and refuse what describes no model or no run, naming the field."""

import json
import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ContextSampler, ModelConfig, TrainConfig

MODEL = ModelConfig(
    "dlgmm",
    5,
    3,
    (-1.5, 0.0, 2.0),
    (0.7, 1.0, 1.2),
    0.3,
    16,
    (2, 2),
    "linear",
    "diagonal",
    "conv",
    2,
    layers=2,
    components_below=(2,),
    code_dims_below=(4,),
    hidden_below=(8,),
    skip=True,
    contexts=ContextSampler(at_ends=0.2),
    gate_units=9,
)
TRAIN = TrainConfig(
    dataset="omniglot",
    binarization="dynamic",
    bound="iwae",
    num_samples=2,
    learning_rate=1e-3,
    schedule="cosine",
    data_bias=True,
    precision="bfloat16",
    batch_size=50,
    max_epochs=7,
    patience=3,
    seed=11,
    start_from="omniglot-gauss-vae",
    decoded=2,
)


@pytest.mark.parametrize("record", [MODEL, TRAIN, ModelConfig("gauss-vae"), TrainConfig()], ids=repr)
def test_a_configuration_comes_back_from_json_equal(record: ModelConfig | TrainConfig) -> None:
    again = type(record).from_dict(json.loads(json.dumps(record.to_dict())))
    assert again == record and hash(again) == hash(record)


def test_every_field_travels() -> None:
    # Values all different from the defaults: a field left behind would come back as its default.
    for record, default in ((MODEL, ModelConfig("gauss-vae")), (TRAIN, TrainConfig())):
        defaults = default.to_dict()
        assert all(value != defaults[name] for name, value in record.to_dict().items())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[(field, value) for field in ("code_dim", "num_components", "hidden", "depth") for value in (0, -1, 2.5)],
        ("code_dim", "25"),
        ("prior_means", (0.0,)),
        ("prior_means", (0.0,) * 4),
        ("prior_means", (0.0, math.nan, 0.0)),
        ("prior_scales", (1.0,)),
        ("prior_scales", (1.0, 0.0, 1.0)),
        ("prior_scales", (1.0, -1.0, 1.0)),
        ("prior_scales", (1.0, math.inf, 1.0)),
        ("concentration", 0.0),
        ("concentration", -1.0),
        ("concentration", math.inf),
        ("concentration", math.nan),
        *[("encoder_activation", value) for value in ("tanh", "", "ReLU", None, 1)],
        *[("prior_components", value) for value in (1, None, "yes")],
        *[("model", value) for value in (1, None, ("dlgmm",))],
        *[("concentration", value) for value in (True, 10**400, 1e300)],
        *[("hidden", value) for value in (10**7, 10**30)],
    ],
)
def test_an_invalid_model_is_refused_with_a_sentence_that_names_the_field(field: str, value: Any) -> None:
    assert_refused(MODEL, field, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[
            (field, value)
            for field in ("num_samples", "batch_size", "max_epochs", "patience")
            for value in (0, -1, 1.5)
        ],
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", math.inf),
        ("learning_rate", math.nan),
        ("binarization", "sometimes"),
        *[("schedule", value) for value in ("linear", "", None, 0.1)],
        *[("data_bias", value) for value in ("no", 1, None, 0.5)],
        *[("precision", value) for value in ("float16", "double", "", None, 32)],
        ("seed", -1),
        ("seed", 0.5),
        *[(field, value) for field in ("dataset", "bound") for value in (1, None, ("mnist",))],
    ],
)
def test_an_invalid_run_is_refused_with_a_sentence_that_names_the_field(field: str, value: Any) -> None:
    assert_refused(TRAIN, field, value)


def assert_refused(record: ModelConfig | TrainConfig, field: str, value: Any) -> None:
    """Built directly and read from a dictionary."""
    builds: tuple[Callable[[], object], ...] = (
        lambda: replace(record, **{field: value}),
        lambda: type(record).from_dict({**record.to_dict(), field: value}),
    )
    for build in builds:
        with pytest.raises(ConfigError) as error:
            build()
        sentence = str(error.value)
        assert sentence.startswith(f"{field} ") and sentence.endswith(".") and "\n" not in sentence


def test_headers_from_before_a_field_was_there_read_as_its_default() -> None:
    model = ModelConfig.from_dict(without(ModelConfig("gauss-vae").to_dict(), "encoder_activation"))
    assert model == ModelConfig("gauss-vae") and model.encoder_activation == "relu"
    train = TrainConfig.from_dict(without(TrainConfig(seed=4).to_dict(), "schedule", "data_bias", "precision"))
    assert train == TrainConfig(seed=4)
    assert (train.schedule, train.data_bias, train.precision) == ("constant", False, "float32")


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """A header that knows nothing of some fields."""
    assert set(names) <= set(values)
    return {name: value for name, value in values.items() if name not in names}


@pytest.mark.parametrize("kind", [ModelConfig, TrainConfig])
def test_an_unknown_field_is_refused_by_name(kind: type[ModelConfig] | type[TrainConfig]) -> None:
    with pytest.raises(ConfigError, match=f"{kind.__name__} has no field 'colour'"):
        kind.from_dict({"model": "dlgmm", "colour": 1} if kind is ModelConfig else {"colour": 1})


def test_a_missing_or_unreadable_field_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="model"):
        ModelConfig.from_dict({})
    with pytest.raises(ConfigError, match="concentration must be a positive number"):
        ModelConfig.from_dict({"model": "dlgmm", "concentration": "one"})
    with pytest.raises(ConfigError, match="ModelConfig cannot be read"):
        ModelConfig.from_dict({"hidden": 3})
    with pytest.raises(ConfigError, match="ModelConfig must be fields with values"):
        ModelConfig.from_dict([])  # type: ignore[arg-type]


def test_configurations_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        MODEL.code_dim = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("means", "scales", "prior", "identical"),
    [
        ((0.0, 0.0), (1.0, 1.0), "fixed", True),
        ((0.0, 0.0), (1.0, 1.0), "full", False),
        ((0.0, 0.0), (1.0, 2.0), "fixed", False),
        ((0.0, 1.0), (1.0, 1.0), "fixed", False),
        ((0.0,), (1.0,), "fixed", False),
    ],
)
def test_components_are_identical_if_they_are_several_and_none_of_them_can_differ(
    means: tuple[float, ...], scales: tuple[float, ...], prior: str, identical: bool
) -> None:
    config = ModelConfig("dlgmm", 2, len(means), means, scales, prior_components=prior)
    assert config.has_identical_components is identical
