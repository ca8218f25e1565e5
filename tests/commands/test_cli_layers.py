"""Models of two stochastic layers through every command, and on every page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core.store.checkpoints import Checkpoint, read_checkpoint
from dlgmm_core.store.measurements import read_measurements
from dlgmm_core.store.tsne_map import load_map
from tests.app_helpers import PAGES, open_page
from tests.cli_helpers import error_of, run, tiny_world, train

OF_LAYERS = {
    "gauss-vae": ("--layers", "2", "--skip"),
    "dlgmm": ("--layers", "2", "--components", "2", "--components-below", "3", "--code-dims-below", "4"),
    "dldpmm": ("--layers", "2", "--components", "3", "--hidden-below", "5", "--bound", "iwae"),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


def test_two_layers_are_trained_measured_listed_and_mapped(
    own_checkpoints: Path, fresh_data: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for model, options in OF_LAYERS.items():
        assert train(own_checkpoints, model, "--name", model, "--epochs", "1", *options) == 0
        assert run(own_checkpoints, "evaluate", model, "--samples", "2", "5", "--device", "cpu") == 0
        checkpoint = read_checkpoint(own_checkpoints / model)
        figures = read_measurements(checkpoint)["mnist"].figures
        assert set(figures.nll) == {"2", "5"} and len(figures.layers) == 2
        assert figures.layers[0].knn == figures.knn != figures.layers[1].knn
        for layer, size in zip(figures.layers, checkpoint.model_config.code_dims, strict=True):
            assert layer.divergence > -1 and 0 <= layer.active <= size
            assert (layer.clustering is None) == (model == "gauss-vae")
    other = own_checkpoints / "second.safetensors"
    mapping = ("map", "dlgmm", "--perplexity", "5", "--iterations", "20", "--device", "cpu", "--layer")
    assert run(own_checkpoints, *mapping, "2", "--output", str(other)) == 0
    first, second = (load_map(checkpoint_of(own_checkpoints), 130, path) for path in (None, other))
    assert first is not None and second is not None and (first[0] != second[0]).any()
    capsys.readouterr()
    assert run(own_checkpoints, "list") == 0
    assert "D=2+4  K=2×3" in capsys.readouterr().out
    for layer, sentence in (
        ("2", "The map in the checkpoint's folder is that of layer 1: give --output for another layer."),
        ("0", "dlgmm has 2 layers, and no layer 0: choose a --layer from 1 to 2."),
        ("3", "dlgmm has 2 layers, and no layer 3: choose a --layer from 1 to 2."),
    ):
        assert run(own_checkpoints, *mapping, layer) == 2
        assert error_of(capsys) == sentence
    for page in PAGES:
        for name in OF_LAYERS:
            at = open_page(page, **{f"{page}_checkpoint": name, f"{page}-checkpoint": name})
            assert not at.exception, (page, name)


def checkpoint_of(folder: Path) -> Checkpoint:
    return read_checkpoint(folder / "dlgmm")
