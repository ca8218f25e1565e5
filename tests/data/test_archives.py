"""Zips of images of one's own: laid out as folders are, and hostile ones refused in a sentence."""

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as each
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data import image_archives
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.data.levels import PARTS
from dlgmm_core.data.own import Reading, own_names, read_own
from dlgmm_core.data.sources import DataError
from tests.fuzz_helpers import assert_one_sentence, damaged, fuzz
from tests.source_helpers import complaint

pytestmark = pytest.mark.usefixtures("cache")

RNG = np.random.default_rng(0)


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


SQUARE = png(np.zeros((8, 8), np.uint8))


def zipped(members: dict[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def read(content: bytes, **how: object) -> Dataset:
    return read_own(Path("pictures.zip"), "mine", Reading(**how), io.BytesIO(content))  # type: ignore[arg-type]


@pytest.mark.parametrize("around", ["", "pictures/", "a/b/"])
@pytest.mark.parametrize("by_part", [True, False])
def test_a_zip_is_read_as_the_folder_that_was_packed(around: str, by_part: bool) -> None:
    images, labels = RNG.integers(0, 256, (30, 8, 6), np.uint8), np.repeat(["ant", "bee", "cat"], 10)
    part = np.tile(["train"] * 6 + ["valid"] * 2 + ["test"] * 2, 3) if by_part else np.full(30, "")
    names = [
        f"{around}{each and f'{each}/'}{label}/{i:02}.png"
        for i, (each, label) in enumerate(zip(part, labels, strict=True))
    ]
    members: dict[str | zipfile.ZipInfo, bytes] = dict(zip(names, map(png, images), strict=True))
    found = read(
        zipped({f"{around}notes.txt": b"x", f"{around}ant/.hidden.png": b"x", "__MACOSX/ant/x.png": b"x", **members})
    )
    if by_part:
        rows = {each: np.flatnonzero(part == each) for each in PARTS}
        same = Dataset.from_arrays(
            "mine", {each: images[i] for each, i in rows.items()}, {each: labels[i] for each, i in rows.items()}
        )
    else:
        same = Dataset.from_arrays("mine", images, labels)
    assert found.digest == same.digest and found.class_names == ("ant", "bee", "cat")


def test_a_zip_without_classes_has_no_labels_and_images_can_be_scaled() -> None:
    members: dict[str | zipfile.ZipInfo, bytes] = {
        f"x/{i}.png": png(np.full((8 + i, 9), 255, np.uint8)) for i in range(20)
    }
    found = read(zipped(members), size=(4, 5))
    assert found.test.labels is None and found.shape == (4, 5) and found.train.binary.all()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("a.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


REFUSED: dict[str, Callable[[], bytes]] = {
    "contains a path that leads out of it, '../a.png'": lambda: zipped({"../a.png": SQUARE}),
    "contains a path that leads out of it, '/etc/a.png'": lambda: zipped({"/etc/a.png": SQUARE}),
    "has a link, 'a.png'": lambda: zipped({link(): b"/etc/passwd"}),
    "has more than 300 files": lambda: zipped({f"{i}.txt": b"" for i in range(301)}),
    "bytes unpacked": lambda: zipped({"a.png": bytes(2_000_001)}),
    "has no images": lambda: zipped({"a.txt": b"x"}),
    "make all images equally large": lambda: zipped({"a.png": SQUARE, "b.png": png(np.zeros((9, 8), np.uint8))}),
    "both beside and in subfolders": lambda: zipped({"a.png": SQUARE, "b/b.png": SQUARE}),
    "in a folder within that of a class, b/c/b.png": lambda: zipped({"a/a.png": SQUARE, "b/c/b.png": SQUARE}),
    "a.png cannot be read as an image (it is not a PNG)": lambda: zipped({"a.png": b"no image"}),
    "20 images of 1 x 1 pixels": lambda: zipped({f"{i}.png": png(np.zeros((1, 1), np.uint8)) for i in range(20)}),
    "1 image of 1,200 x 1,200 pixels": lambda: zipped({"a.png": png(np.zeros((1200, 1200), np.uint8))}),
    "with 1,000 pixels in all": lambda: zipped({f"{i}.png": SQUARE for i in range(20)}),
    "pictures.zip is not a .zip file, or a damaged one: pack it again": lambda: b"no archive",
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_hostile_zip_is_one_sentence_and_leaves_nothing(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(image_archives, "MOST_FILES", 300)
    monkeypatch.setattr(image_archives, "MOST_BYTES", 2_000_000)
    said = complaint(lambda: read(REFUSED[words](), most_pixels=1000 if "1,000" in words else 10**7))
    assert words in said and "pictures.zip" in said
    assert own_names() == [] and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_many_large_images_that_would_be_scaled_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_archives, "MOST_SOURCE_PIXELS", 1000)
    said = complaint(lambda: read(zipped({f"{i}.png": SQUARE for i in range(20)}), size=(2, 2)))
    assert "has more than 1,000 pixels in all" in said


@fuzz(40)
@each(data=st.data())
def test_a_damaged_zip_is_read_or_one_sentence(data: st.DataObject) -> None:
    sound = zipped({f"{label}/{i}.png": SQUARE for label in "ab" for i in range(10)})
    try:
        read(data.draw(damaged(sound)))
    except DataError as error:
        assert_one_sentence(error)
