"""Train, "Your data": what a visitor sends is a data set that no other sees before a model of it is published."""

import io
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.data.own import own_files, own_names, visitors_folder
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import save_checkpoint
from tests.app_helpers import ALICE, Manager, labels, one_error, pictures, press, shown, start, turn_to
from ui.training.ended_runs import publish_run
from ui.training.runs import Run, write_run
from ui.visitors import own_data
from ui.visitors.limits import Limits, shared
from ui.visitors.visitor import COOKIE

pytestmark = pytest.mark.usefixtures("cache", "fresh_data", "own_checkpoints")

RNG = np.random.default_rng(0)


def npz(shape: tuple[int, int] = (12, 9), **labels: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, images=RNG.integers(0, 256, (40, *shape), np.uint8), **labels)  # type: ignore[arg-type]
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(40):
            content = io.BytesIO()
            Image.fromarray(RNG.integers(0, 256, (12, 9), np.uint8)).save(content, "PNG")
            archive.writestr(f"pets/{'cat' if i % 2 else 'dog'}/{i}.png", content.getvalue())
    return file.getvalue()


def page() -> AppTest:
    return turn_to(start(), "train")


def send(at: AppTest, name: str, content: bytes) -> AppTest:
    (place,) = (each for each in at.file_uploader if (each.key or "").startswith("own-data-"))
    place.set_value((name, content, "application/octet-stream")).run()
    assert not at.exception
    return at


def offered(at: AppTest) -> list[str]:
    return list(at.sidebar.selectbox(key="dataset").options)


def trained(name: str, on: str) -> Run:
    """A run of Alice's that has ended."""
    run, data = Run(name, ALICE, ("gauss-vae", "--name", name, "--dataset", on)), load_dataset(on)
    config = ModelConfig("gauss-vae", 2, hidden=4, image_shape=data.shape)
    save_checkpoint(run.folder, build_model(config).state_dict(), config, TrainConfig(dataset=on), 1, -1.0, data.digest)
    write_run(run)
    return run


def test_images_are_read_shown_trained_on_and_removed_again(manager: Manager) -> None:
    at = send(page(), "My pets.zip", zipped())
    assert at.sidebar.selectbox(key="dataset").value == "my-pets" and not at.error
    (path,) = visitors_folder().rglob("*.npz")
    assert path == visitors_folder() / ALICE / "my-pets.npz"
    assert own_names() == [], "what others are told has no name of hers"
    said = " ".join(each.value for each in at.caption)
    assert "The first 32 of 32 training images, with 4 for validation and 4 for tests, 12×9 pixels" in said
    assert "2 classes: cat, dog." in said and "Only you see them" in said and pictures(at)
    at = press(at, "Remove these images")
    assert own_files() == {} and "my-pets" not in offered(at) and not at.exception
    at = press(send(at, "My pets.zip", zipped()), "Start training")
    ((_, verb, options),) = manager.started
    assert verb == "train" and options[options.index("--dataset") + 1] == "my-pets"
    (button,) = (b for b in at.button if b.label == "Remove these images")
    assert button.disabled


def test_nobody_else_sees_them_until_a_model_of_them_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    def visit(who: str) -> None:
        monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: who})

    visit("alice")
    send(page(), "pets.npz", npz(labels=np.arange(40) % 3))
    run = trained("mine", "pets")
    assert "pets" in offered(page())
    visit("bob")
    assert "pets" not in offered(page())
    send(page(), "pets.npz", npz())
    assert {path.parent.name == ALICE for path in visitors_folder().rglob("*.npz")} == {True, False}
    assert "pets-2" in offered(page())
    publish_run(run, published=True)
    assert "pets" in offered(page())
    at = page()
    at.sidebar.selectbox(key="dataset").select("pets").run()
    assert "Remove these images" not in labels(at) and not at.exception


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npz", b"no archive", "a.npz cannot be read as an .npz file (it is of another kind, or damaged)"),
        ("a.zip", b"no archive", "a.zip is not a .zip file, or a damaged one"),
        ("../../a.npz", npz((1, 1)), "a.npz has 40 images of 1 x 1 pixels"),
        ("a.npz", npz(labels=np.arange(3)), "a.npz has labels in an array of the shape (3,)"),
        ("<b>*a*.npz", npz(labels=np.arange(3)), "<b>*a*.npz has labels"),
        ("large.npz", npz((100, 100)), "or scale them to a smaller size (“Side of the scaled images, pixels”)."),
    ],
    ids=["npz", "zip", "path", "labels", "markdown", "large"],
)
def test_what_is_no_data_set_is_a_sentence_and_leaves_nothing(
    name: str, content: bytes, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.training.own_data.MOST_PIXELS", 300_000)
    said = one_error(send(page(), name, content))
    assert words in said and own_files() == {}
    assert not list(tmp_path.rglob("*.npz"))


def test_names_of_classes_are_shown_as_they_are_and_odd_data_are_told(manager: Manager) -> None:
    name = "![x](https://x.example/y.png) *a* $b$"
    at = send(page(), "odd.npz", npz(labels=np.full(40, name)))
    (about,) = (each.value for each in at.caption if "training images" in each.value)
    assert name not in about and f"12×9 pixels, 1 class: {name}." in shown(about)
    assert shown(at.warning[0].value).startswith(f"All images of odd have one label, {name}: ")


def test_there_are_a_few_data_sets_and_unused_ones_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "MOST_EACH", 2)
    for number in range(3):
        send(page(), f"n{number}.npz", npz())
        for path in visitors_folder().rglob("*.npz"):
            if path.stem == f"n{number}":
                os.utime(path, (time.time() - 60 + number,) * 2)
    assert list(own_files()) == ["n1", "n2"]
    for name in own_files():
        trained(f"of-{name}", name)
    assert "data sets with models" in one_error(send(page(), "n3.npz", npz()))
    assert list(own_files()) == ["n1", "n2"]


def test_uploads_are_counted_and_those_too_many_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLGMM_UPLOADS_PER_VISITOR", "1")
    shared.cache_clear()
    assert shared().limits == Limits(uploads_per_visitor=1)
    send(page(), "a.npz", npz())
    at = send(page(), "b.npz", npz())
    assert "You have sent more files within a minute" in at.warning[0].value and list(own_files()) == ["a"]
