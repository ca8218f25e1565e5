"""A model that is amortised over its prior through the commands that take a context, and on every page."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dlgmm_core.config import Context, ContextSampler
from dlgmm_core.store.checkpoints import read_checkpoint
from dlgmm_core.store.measurements import read_context_measurements, read_measurements
from dlgmm_core.store.tsne_map import load_map
from tests.app_helpers import PAGES, open_page
from tests.cli_helpers import error_of, run, tiny_world
from tests.experiment_helpers import toy_experiment, trained


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


def test_a_context_is_measured_and_mapped_beside_the_models_own_prior(
    own_checkpoints: Path, fresh_data: None, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = toy_experiment("turned", "dlgmm")
    folder = own_checkpoints / "turned"
    trained(replace(toy, model=replace(toy.model, contexts=ContextSampler())), folder)
    context = ("--prior-means", "1", "-0.5", "-2", "--alpha", "0.05")
    evaluation = ("evaluate", "turned", "--device", "cpu", "--samples")
    assert run(own_checkpoints, *evaluation, "2") == 0
    assert run(own_checkpoints, *evaluation, "2", *context) == 0
    assert run(own_checkpoints, *evaluation, "3", *context) == 0
    assert run(own_checkpoints, *evaluation, "3", "--prior-means", "0", "0", "0") == 0  # its own
    checkpoint = read_checkpoint(folder)
    (found,) = read_context_measurements(checkpoint)
    own = read_measurements(checkpoint)["mnist"].figures
    assert (found.context, found.dataset) == (Context((1.0, -0.5, -2.0), 0.05), "mnist")
    assert set(found.figures.nll) == set(own.nll) == {"2", "3"}
    assert found.figures.elbo is not None and own.elbo is not None and found.figures.elbo.value != own.elbo.value
    other = own_checkpoints / "other.safetensors"
    mapping = ("map", "turned", "--perplexity", "5", "--iterations", "20", "--device", "cpu", *context)
    assert run(own_checkpoints, *mapping, "--output", str(other)) == 0
    first, second = (load_map(checkpoint, 130, path) for path in (None, other))
    assert first is not None and second is not None and (first[0] != second[0]).any()
    capsys.readouterr()
    assert run(own_checkpoints, *mapping) == 2
    assert error_of(capsys) == "The map in the checkpoint's folder is that of the model's own prior: give --output."
    for command in ("evaluate", "map"):
        for options, sentence in (
            (("--alpha", "0.001"), "This model knows concentrations from 0.02 to 5, not 0.001: choose one in between."),
            (("--prior-means", "0"), "--prior-means must be as many as the components, 3, not 1."),
            (("--alpha", "nan"), "This model knows concentrations from 0.02 to 5, not nan: choose one in between."),
        ):
            assert run(own_checkpoints, command, "turned", *options) == 2
            assert error_of(capsys) == sentence
    trained(toy, own_checkpoints / "plain")
    for options, named in (
        (("--alpha", "2"), "--alpha"),
        (("--prior-means", "0", "0", "0"), "--prior-means"),
        (context, "--prior-means and --alpha"),
    ):
        assert run(own_checkpoints, "evaluate", "plain", *options) == 2
        assert error_of(capsys) == (
            f"plain is not amortised over its prior, so it knows no other one: leave out {named}."
        )
    for page in PAGES:
        at = open_page(page, **{f"{page}_checkpoint": "turned", f"{page}-checkpoint": "turned"})
        assert not at.exception, page
