"""The subcommand `map`: it places the test codes anew, the same way for the same seed, or says why it cannot."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.commands import mapping
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import TSNE, WEIGHTS, read_checkpoint, save_checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig, load_map
from tests.cli_helpers import handlers_kept

IMAGES = 130


def split(size: int) -> Split:
    binary = (np.random.default_rng(size).random((size, 784)) < 0.3).astype(np.uint8)
    return Split(binary * np.uint8(255), binary, np.zeros(size, np.int64))


@pytest.fixture(autouse=True)
def quick_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every data set is a few images; the handlers that `main` sets are put back."""
    monkeypatch.setattr(mapping, "load_dataset", lambda name: Dataset(name, split(9), split(8), split(IMAGES), ("a",)))
    with handlers_kept():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one checkpoint, `one`."""
    config = ModelConfig("gauss-vae", 3, hidden=4)
    save_checkpoint(tmp_path / "one", build_model(config).state_dict(), config, TrainConfig(), 1, -1.0)
    return tmp_path


def draw_map(folder: Path, *more: str, name: str = "one") -> int:
    return cli.main(["map", name, "--iterations", "40", *more, "--device", "cpu", "--checkpoints", str(folder)])


def coordinates(folder: Path) -> tuple[np.ndarray, ProjectionConfig]:
    found = load_map(read_checkpoint(folder / "one"), IMAGES)
    assert found is not None
    return found


def test_a_map_is_kept_with_its_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw_map(folder, "--perplexity", "12.5", "--seed", "7") == 0
    places, settings = coordinates(folder)
    assert places.shape == (IMAGES, 2) and settings == ProjectionConfig(12.5, 40, 7)
    where = folder / "one" / TSNE
    assert capsys.readouterr().out == f"one: mapped with perplexity 12.5, 40 iterations, seed 7: {where}\n"


def test_a_map_may_be_written_elsewhere_and_leaves_the_checkpoints_own(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_map(folder)
    before, elsewhere = (folder / "one" / TSNE).read_bytes(), tmp_path / "mine.safetensors"
    assert draw_map(folder, "--seed", "7", "--output", str(elsewhere)) == 0
    assert capsys.readouterr().out.endswith(f" seed 7: {elsewhere}\n")
    assert (folder / "one" / TSNE).read_bytes() == before
    found = load_map(read_checkpoint(folder / "one"), IMAGES, elsewhere)
    assert found is not None and found[1].seed == 7


def test_no_map_takes_the_place_of_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = folder / "one" / WEIGHTS
    before = weights.read_bytes()
    assert draw_map(folder, "--output", str(weights), "--replace") == 2
    assert f"{weights} is a file of a checkpoint, and no map: choose another" in capsys.readouterr().err
    assert weights.read_bytes() == before


def test_the_same_seed_draws_the_same_map_and_another_seed_another(folder: Path) -> None:
    draw_map(folder)
    first, _ = coordinates(folder)
    draw_map(folder, "--seed", "1")
    other, _ = coordinates(folder)
    draw_map(folder)
    again, _ = coordinates(folder)
    np.testing.assert_array_equal(again, first)
    assert not np.array_equal(other, first)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--perplexity", "1"), "--perplexity must be a number from 2, not 1."),
        (("--perplexity", "nan"), "perplexity"),
        (("--perplexity", "44"), "one: --perplexity must be a number from 2 to 43 for 130 images, not 44."),
        (("--iterations", "0"), "--iterations must be"),
        (("--seed", "-1"), "--seed must be"),
        (("--seed", str(2**32)), "seed"),
    ],
)
def test_senseless_settings_are_one_sentence_and_leave_the_old_map(
    options: tuple[str, str], word: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_map(folder)
    before = (folder / "one" / TSNE).read_bytes()
    capsys.readouterr()
    assert draw_map(folder, *options) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.strip().splitlines()
    assert captured.out == "" and line.startswith("error: ") and word in line
    assert (folder / "one" / TSNE).read_bytes() == before


@pytest.mark.parametrize(("images", "perplexity"), [(130, 30.0), (91, 30.0), (30, 9.66), (7, 2.0)])
def test_few_images_are_mapped_with_the_perplexity_that_fits(
    images: int, perplexity: float, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Dataset("few", split(9), split(8), split(images), ("a",))
    monkeypatch.setattr(mapping, "load_dataset", lambda name: few)
    assert draw_map(folder) == 0
    found = load_map(read_checkpoint(folder / "one"), images)
    assert found is not None and found[1].perplexity == perplexity
    assert draw_map(folder, "--perplexity", str(perplexity)) == 0


def test_too_few_images_are_a_sentence_that_names_the_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = Dataset("few", split(9), split(8), split(6), ("a",))
    monkeypatch.setattr(mapping, "load_dataset", lambda name: few)
    assert draw_map(folder) == 2
    assert (
        capsys.readouterr().err
        == "error: one: A map needs at least 7 test images, and there are 6: give the data set more.\n"
    )


def test_a_checkpoint_that_is_not_there_is_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw_map(folder, name="two") == 2
    assert "two" in capsys.readouterr().err


def test_a_stop_half_way_leaves_the_old_map(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_map(folder)
    before = (folder / "one" / TSNE).read_bytes()

    def interrupted(*arguments: object, progress: object) -> np.ndarray:
        raise KeyboardInterrupt

    monkeypatch.setattr(mapping, "fit_tsne", interrupted)
    assert draw_map(folder, "--seed", "3") == cli.INTERRUPTED
    assert (folder / "one" / TSNE).read_bytes() == before
    assert [file.name for file in (folder / "one").iterdir() if file.name.startswith(".")] == []
