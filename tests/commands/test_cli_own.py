"""`train --data`: images of one's own through every command, with labels and without."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.config import ModelConfig
from dlgmm_core.data.levels import PARTS
from dlgmm_core.runtime.folders import datasets_folder
from dlgmm_core.store.checkpoints import METRICS, read_checkpoint
from dlgmm_core.store.measurements import read_measurements
from dlgmm_core.store.tsne_map import has_map
from tests.checkpoint_helpers import save
from tests.cli_helpers import TINY, error_of, handlers_kept, run, train

ODD = __file__  # a file, although of no use
MIXTURE = ("--components", "2", "--epochs", "2")


@pytest.fixture(autouse=True)
def handlers(cache: Path) -> Iterator[None]:
    with handlers_kept():
        yield


@pytest.mark.parametrize("labelled", [True, False])
def test_own_images_are_trained_on_resumed_measured_and_mapped(
    labelled: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    labels = {"labels": rng.choice(["ant", "bee", "cat"], 100)} if labelled else {}
    np.savez(tmp_path / "mine.npz", images=rng.random((100, 20, 24)), **labels)  # type: ignore[arg-type]
    own, folder = ("--data", str(tmp_path / "mine.npz"), "--split", "0.5", "0.2", "0.3"), tmp_path / "checkpoints"
    assert train(folder, "dlgmm", *MIXTURE, *own) == 0
    (tmp_path / "mine.npz").unlink()
    checkpoint = read_checkpoint(folder / "mine-dlgmm")
    assert checkpoint.model_config.image_shape == (20, 24) and len(checkpoint.data) == 64
    capsys.readouterr()
    assert run(folder, "evaluate", "mine-dlgmm", "--samples", "2", "--device", "cpu") == 0
    assert ("has no labels, so there are no kNN errors" in capsys.readouterr().out) == (not labelled)
    figures = read_measurements(checkpoint)["mine"].figures
    assert set(figures.nll) == {"2"} and bool(figures.knn) == labelled == (figures.clustering is not None)
    assert has_map(checkpoint)
    assert run(folder, "map", "mine-dlgmm", "--perplexity", "5", "--iterations", "20", "--device", "cpu") == 0
    assert train(folder, "gauss-vae", "--dataset", "mine", "--epochs", "1") == 0
    capsys.readouterr()
    assert cli.main(["data", "list"]) == 0 and cli.main(["data", "show", "mine"]) == 0
    said = capsys.readouterr().out
    assert "20 x 24  your own" in said and "50 training, 20 validation, 30 test" in said
    assert ("ant, bee, cat" in said) == labelled

    kept = datasets_folder() / "mine.npz"  # other images take the place of those trained on
    np.savez(kept, **{f"{part}_images": rng.random((30, 20, 24)) for part in PARTS})  # type: ignore[arg-type]
    for command in (("evaluate", "mine-dlgmm"), ("map", "mine-dlgmm")):
        assert run(folder, *command, "--device", "cpu") == 1
        assert "mine-dlgmm was trained on another data set mine" in error_of(capsys)
    kept.unlink()
    assert run(folder, "evaluate", "mine-dlgmm", "--device", "cpu") == 1
    assert "There is no data set 'mine': choose one of mnist, " in error_of(capsys)


def test_odd_data_are_trained_on_with_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "odd.npz", images=np.zeros((40, 8, 8), np.uint8), labels=np.full(40, "x"))
    assert train(tmp_path, "gauss-vae", "--data", str(tmp_path / "odd.npz"), "--epochs", "1") == 0
    said = capsys.readouterr().err
    assert "32 training, 4 validation and 4 test images of 8 x 8 pixels, 1 class.\n" in said
    assert "All training images of odd are empty" in said and "All images of odd have one label, x" in said


def test_digits_are_trained_on_in_their_own_shape_and_not_measured_as_mnist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "gauss-vae", "--dataset", "digits", "--epochs", "1", "--name", "small") == 0
    assert read_checkpoint(tmp_path / "small").model_config.image_shape == (8, 8)
    save(tmp_path / "large", ModelConfig("gauss-vae", 2, hidden=8))
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "large", "small", "--dataset", "mnist", "--device", "cpu") == 2
    assert not (tmp_path / "large" / METRICS).exists()
    assert "The model is for images of 8 x 8 pixels, and those of mnist have 28 x 28" in error_of(capsys)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--image-size", "8", "8"), "--image-size is for data of your own: give --data, too"),
        (("--data", "x.npz", "--dataset", "mnist"), "give one of the two"),
        (("--data", "mnist.npz"), "the name of a published data set"),
        (("--data", "x.npz", "--data-name", "../x"), "is not a valid name of a data set"),
        (
            ("--data", ODD, "--image-size", "0", "0"),
            "cannot be read as images of 0 x 0 pixels (--image-size HEIGHT WIDTH)",
        ),
        (("--data", "nothing.npz"), "neither a file nor a folder"),
        (("--data", ODD), "is not an .npz, .csv or .zip file"),
        (("--dataset", "cifar"), "There is no data set 'cifar'"),
    ],
)
def test_senseless_options_for_own_data_are_one_sentence(
    options: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "train", "gauss-vae", *TINY, *options) == 2
    assert words in error_of(capsys)
    assert not (tmp_path / "data").exists()


GOOD = {"images": np.random.default_rng(0).random((100, 6, 6))}


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("odd.npz", b"no archive", (), "cannot be read as an .npz file"),
        ("odd.zip", b"no archive", (), "is not a .zip file"),
        ("odd.csv", b"a,b,c\n1,2,3\n", (), "do not make a square: give the height and width of an image (--image-size"),
        ("odd.csv", b"a,b\n1,2\n", ("--image-size", "2", "2"), "images of 2 x 2 pixels need 4"),
        ("mine.npz", GOOD, ("--split", "0.98", "0.01", "0.01"), "or other --split TRAIN VALID TEST"),
        ("mine.npz", GOOD, ("--data-name", "kept"), "is another data set of the name kept: choose another --data-name"),
    ],
)
def test_what_is_wrong_with_data_that_are_given_is_a_misuse_and_with_data_that_were_kept_a_failure(
    name: str,
    content: bytes | dict[str, np.ndarray],
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = datasets_folder() / "kept.npz"
    kept.parent.mkdir(parents=True)
    np.savez(kept, **{f"{part}_images": np.random.default_rng(1).random((20, 6, 6)) for part in PARTS})  # type: ignore[arg-type]
    given = tmp_path / name
    given.write_bytes(content) if isinstance(content, bytes) else np.savez(given, **content)  # type: ignore[arg-type]
    assert train(tmp_path / "own", "gauss-vae", "--data", str(given), *options) == 2
    assert words in error_of(capsys)
    kept.write_bytes(b"damaged")
    assert train(tmp_path / "own", "gauss-vae", "--dataset", "kept") == 1
    assert str(kept) in error_of(capsys)
