"""Data of one's own: the same images from any kind of file, kept under a name; bad ones are one sentence."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as each
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.__main__ import main
from dlgmm_core.data.datasets import Dataset, load_dataset, own_datasets, shape_of
from dlgmm_core.data.own import Reading, keep_own, name_of, own_names, read_own
from dlgmm_core.data.sources import DataError
from dlgmm_core.data.suspicious import warnings_of
from tests.fuzz_helpers import assert_one_sentence, damaged, fuzz
from tests.source_helpers import complaint

pytestmark = pytest.mark.usefixtures("cache")

RNG = np.random.default_rng(0)
WORDS = np.array(["ant", "bee", "cat"])


def greys(count: int = 40, height: int = 8, width: int = 8) -> NDArray[np.uint8]:
    return RNG.integers(0, 256, (count, height, width), np.uint8)


def read(path: Path, **how: object) -> Dataset:
    return read_own(path, "mine", Reading(**how))  # type: ignore[arg-type]


def npz(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def write_folder(folder: Path, images: NDArray[np.uint8], labels: NDArray[np.str_]) -> Path:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / label / f"{number:03}.png")
    (folder / ".hidden").write_text("x", encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    return folder


def write_csv(path: Path, images: NDArray[np.uint8], labels: NDArray[np.str_]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"p{i}" for i in range(images[0].size))])
        writer.writerows([label, *image.ravel()] for image, label in zip(images, labels, strict=True))
    return path


@pytest.mark.parametrize("shape", [(8, 8), (20, 24), (105, 105)])
def test_the_same_images_are_the_same_data_set_from_any_kind_of_file(shape: tuple[int, int], tmp_path: Path) -> None:
    images, labels = greys(30, *shape), np.repeat(WORDS, 10)  # in a folder's order
    found = [
        read(npz(tmp_path / "a.npz", images=images, labels=labels)),
        read(npz(tmp_path / "b.npz", images=(images / 255)[..., None], labels=labels[:, None])),
        read(write_folder(tmp_path / "c", images, labels)),
        read(write_csv(tmp_path / "d.csv", images, labels), size=shape),
        Dataset.from_arrays("mine", images, labels),
    ]
    assert len({dataset.digest for dataset in found}) == 1
    assert found[0].class_names == ("ant", "bee", "cat") and found[0].shape == shape
    assert [len(part) for part in (found[0].train, found[0].valid, found[0].test)] == [24, 3, 3]
    other = read(tmp_path / "a.npz", seed=1)
    assert other.digest != found[0].digest
    keep_own(found[0])
    again = load_dataset("mine")
    assert again.digest == found[0].digest and again.class_names == found[0].class_names
    np.testing.assert_array_equal(again.test.grey, found[0].test.grey)
    assert own_names() == ["mine"] and shape_of("mine") == shape
    keep_own(found[1])  # the same again
    assert "another data set of the name mine" in complaint(lambda: keep_own(other))


def test_parts_that_are_given_stay_and_images_may_lack_labels(tmp_path: Path) -> None:
    parts = {part: greys(count) for part, count in (("train", 12), ("valid", 2), ("test", 3))}
    found = read(npz(tmp_path / "a.npz", **{f"{part}_images": images for part, images in parts.items()}))
    assert found.test.labels is None and found.class_names == ()
    np.testing.assert_array_equal(found.valid.grey.reshape(2, 8, 8), parts["valid"])
    for part, images in parts.items():
        write_folder(tmp_path / "b" / part, images, np.full(len(images), "."))
    assert read(tmp_path / "b").digest == found.digest == Dataset.from_arrays("mine", parts).digest
    with pytest.raises(DataError, match="have no labels"):
        _ = found.test.known_labels


def test_levels_mean_the_same_in_any_type_and_labels_keep_their_order(tmp_path: Path) -> None:
    ink = greys() > 127
    whole = read(npz(tmp_path / "a.npz", images=ink, labels=np.arange(40) % 12))
    assert whole.class_names == tuple(map(str, range(12)))
    for images in (ink.astype(np.uint8), ink.astype(np.float32), ink.astype(np.int64) * 255):
        np.testing.assert_array_equal(read(npz(tmp_path / "b.npz", images=images)).train.grey, whole.train.grey)
    sharp = read(npz(tmp_path / "c.npz", images=np.full((40, 8, 8), 0.6)), threshold=True)
    assert sharp.train.binary.all() and sharp.train.grey.min() == 255
    half = read(npz(tmp_path / "d.npz", images=greys(20, 16, 16)), size=(8, 4))
    assert half.shape == (8, 4)


def refused(tmp_path: Path) -> dict[str, Callable[[], object]]:
    def of(**arrays: object) -> Callable[[], object]:
        return lambda: read(npz(tmp_path / "x.npz", **arrays))

    def big() -> object:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6, 28)}
        )
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("images.npy", header.getvalue())
        return read(tmp_path / "x.npz")

    def text(content: str, name: str = "x.csv", **how: object) -> Callable[[], object]:
        return lambda: read(written(tmp_path / name, content.encode()), **how)

    def written(path: Path, content: bytes) -> Path:
        path.write_bytes(content)
        return path

    def folder(*names: str) -> Callable[[], object]:
        def call() -> object:
            for number, name in enumerate(names):
                path = tmp_path / "f" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if name.endswith(".png"):
                    Image.fromarray(greys(1, 8, 8 + number)[0]).save(path)
                else:
                    path.write_bytes(b"x")
            return read(tmp_path / "f")

        return call

    few, nan = greys(20), np.full((20, 8, 8), np.nan)
    return {
        "labels that are not text in UTF-8": of(images=few, labels=np.array([b"\xff", b"a"] * 10)),
        "Python objects": of(images=few, labels=np.array([None] * 20)),
        "pixels that are missing or infinite": of(images=nan),
        "has images as Python objects, which are not read: save them as one array of numbers": lambda: read_own(
            npz(tmp_path / "x.npz", images=np.array([few[0], few[0, :2], None], dtype=object)), "mine", Reading()
        ),
        "has images of the type <U1": of(images=np.full((20, 8, 8), "1")),
        "pixels from -1 to": of(images=few / 255 - 1),
        "pixels from 0 to 2": of(images=few * (2 / few.max())),
        "from 0 to 256": of(images=np.array([0, 256] * 640).reshape(20, 8, 8)),
        "has no images": of(images=few[:0]),
        "20 images of 1 x 1 pixels": of(images=few[:, :1, :1]),
        "1,000,000 images of 1,000,000 x 28 pixels": big,
        "labels in an array of the shape (3,)": of(images=few, labels=[1, 2, 3]),
        "train_labels of the shape (): give it one label per image": of(
            **{f"{part}_images": few for part in ("train", "valid", "test")},
            **{f"{part}_labels": np.array(3) for part in ("train", "valid", "test")},
        ),
        "not colour": of(images=greys(20)[..., None].repeat(3, 3)),
        "name its arrays": of(pictures=few),
        "has train_images, but not valid_images and test_images: give it all three, or all images as `images`": of(
            train_images=few
        ),
        "train images of the shape N x 8 x 8 and valid images of the shape N x 9 x 8: give all three parts one": of(
            train_images=few, valid_images=greys(5, 9), test_images=few
        ),
        "train images of the type whole number and test images of the type fraction": of(
            train_images=few, valid_images=few, test_images=few / 255
        ),
        "5 images of 5 for train, and at least 10 are needed: give it more images.": of(images=few[:5]),
        "1 image of 20 for valid, and at least 2 are needed: give it more images, or other shares.": lambda: read(
            npz(tmp_path / "x.npz", images=few), shares=(0.9, 0.05, 0.05)
        ),
        "cannot be read as images of 0 x 0 pixels (size): choose 2 to 1,000 pixels per side": lambda: read(
            npz(tmp_path / "x.npz", images=few), size=(0, 0)
        ),
        "x.npz cannot be read as an .npz file (it is of another kind, or damaged)": text("x", "x.npz"),
        "of the type float64": of(images=few, labels=np.linspace(0, 1, 20)),
        "line 1: it holds numbers, not names": text("1,2,3,4\n"),
        "x.csv, line 1: it holds numbers, not names: name the columns there": text("cat,0,9,0,0\ndog,0,9,9,0\n"),
        "line 3: it has 3 cells, and line 1 has 4": text("a,b,c,d\n1,2,3,4\n1,2,3\n"),
        "line 3: it has 1 cell, and line 1 has 4": text("a;b;c;d\n1;2;3;4\n1\n"),
        "line 2: 'zz' in the column 'd' is not a pixel: give a number": text("a,b,c,d\n1,2,3,zz\n"),
        "line 2: 'dog' in the column 'cat' is not a pixel": text("cat,0,9,8\ndog,0,9,8\n"),
        "line 2: 'inf' in the column 'b' is not a pixel": text("a,b,c,d\n1,inf,3,4\n"),
        "3 columns of pixels, which do not make a square: give the height and width of an image (size), or": text(
            "a,b,c\n1,2,3\n"
        ),
        "4 columns of pixels, and images of 5 x 5 pixels need 25": text("a,b,c,d\n1,2,3,4\n", size=(5, 5)),
        "x.csv has no line 1: give it a line of names": text(""),
        "x.csv has no images: give it a line of names": text("a,b,c,d\n"),
        "not text in UTF-8": lambda: read(written(tmp_path / "x.csv", b"a,b\xff")),
        "make all images equally large": folder("a.png", "b.png"),
        "cannot be read as an image (it is not a JPEG)": folder("0.jpg"),
        "in a folder within that of a class, b/c/b.png: put all": folder("a/a.png", "b/c/b.png"),
        "has the folders train and test, but not the folder valid: give": folder("train/a.png", "test/b.png"),
        "has the folder train, but not the folders valid and test": folder("train/a.png", "other/b.png"),
        "beside the folders train, valid and test, a.png: move it": folder(
            "a.png", "train/a.png", "valid/a.png", "test/a.png"
        ),
        "not an .npz, .csv or .zip": lambda: read(Path(__file__)),
        "neither a file nor a folder": lambda: read(tmp_path / "nothing"),
        "not a valid name": lambda: read_own(tmp_path, "../x", Reading()),
    }


@pytest.mark.parametrize("words", list(refused(Path())))
def test_bad_input_is_one_sentence_that_names_it_and_leaves_nothing(words: str, tmp_path: Path) -> None:
    said = complaint(refused(tmp_path)[words])
    assert words in said
    assert own_names() == []


@fuzz(60)
@each(data=st.data())
def test_damaged_files_are_read_or_one_sentence(data: st.DataObject, tmp_path: Path) -> None:
    kind = data.draw(st.sampled_from([".npz", ".csv"]))
    images = np.zeros((20, 2, 2), np.uint8)
    path = tmp_path / f"sound{kind}"
    if kind == ".npz":
        npz(path, images=images, labels=np.arange(20))
    else:
        write_csv(path, images, np.full(20, "a"))
    content = data.draw(damaged(path.read_bytes()))
    (tmp_path / f"x{kind}").write_bytes(content)
    try:
        read(tmp_path / f"x{kind}")
    except DataError as error:
        assert_one_sentence(error)


@pytest.mark.parametrize("around", ["train", "pets", "pets/train", "a/b"])
@pytest.mark.parametrize("classes", [2, 3])
def test_folders_around_the_classes_are_left_out(around: str, classes: int, tmp_path: Path) -> None:
    images, labels = greys(30), np.repeat(WORDS[:classes], 30 // classes)
    plain = read(write_folder(tmp_path / "plain", images, labels))
    assert plain.class_names == tuple(WORDS[:classes])
    write_folder(tmp_path / "outer" / around, images, labels)
    assert read(tmp_path / "outer").digest == plain.digest


def test_images_in_a_lone_folder_are_of_one_class_unless_it_is_called_train(tmp_path: Path) -> None:
    images, one = greys(30), np.full(30, "ant")
    assert read(write_folder(tmp_path / "a", images, one)).class_names == ("ant",)
    assert read(write_folder(tmp_path / "b", images, np.full(30, "train"))).class_names == ()


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_are_separated_as_in_line_1(mark: str, tmp_path: Path) -> None:
    images, labels = greys(30), np.repeat(WORDS, 10)
    comma = write_csv(tmp_path / "comma.csv", images, labels)
    (tmp_path / "other.csv").write_text(comma.read_text(encoding="utf-8").replace(",", mark), encoding="utf-8")
    assert read(tmp_path / "other.csv").digest == read(comma).digest


def test_columns_may_be_numbered(tmp_path: Path) -> None:
    lines = ["label,0,1,2,3", *(f"{'ab'[i % 2]},0,255,{i},7" for i in range(20))]
    (tmp_path / "x.csv").write_text("\n".join(lines), encoding="utf-8")
    found = read(tmp_path / "x.csv")
    assert found.shape == (2, 2) and found.class_names == ("a", "b")


def test_what_is_odd_is_said_and_most_data_are_not_odd() -> None:
    def said(images: NDArray[np.uint8], labels: NDArray[np.str_] | None = None) -> list[str]:
        return warnings_of(Dataset.from_arrays("mine", images, labels))

    few = greys()
    assert said(few) == said(few, np.resize(WORDS, 40)) == []
    (empty,) = said(few * np.uint8(0))
    assert empty.startswith("All training images of mine are empty, without any ink")
    (same,) = said((few[:1] // 128 * 255).repeat(40, 0))
    assert same.startswith("All training images of mine are the same")
    (one,) = said(few, np.full(40, "ant"))
    assert one.startswith("All images of mine have one label, ant")


def test_what_is_kept_is_what_was_given_however_dark_it_is(tmp_path: Path) -> None:
    dark = np.full((40, 8, 8), 1 / 255)
    for name, found in (
        ("dark", read_own(npz(tmp_path / "a.npz", images=dark), "dark", Reading())),
        ("small", read_own(npz(tmp_path / "b.npz", images=dark), "small", Reading(size=(4, 4)))),
        ("sharp", read_own(npz(tmp_path / "c.npz", images=greys() // 128), "sharp", Reading())),
    ):
        keep_own(found)
        assert load_dataset(name).digest == found.digest
        np.testing.assert_array_equal(load_dataset(name).train.grey, found.train.grey)


def test_labels_are_as_many_as_the_images_of_each_part_and_a_name_is_one(given: Path) -> None:
    parts = {"train": greys(20), "valid": greys(5), "test": greys(10)}
    labels = {"train": np.arange(20) % 2, "valid": np.arange(10) % 2, "test": np.arange(5) % 2}
    with pytest.raises(DataError, match="mine has 10 labels for 5 images of valid"):
        Dataset.from_arrays("mine", parts, labels)
    with pytest.raises(DataError, match="cannot be split by the seed -1: give a whole number from 0 on"):
        Dataset.from_arrays("mine", greys(), seed=-1)
    with pytest.raises(DataError, match="not a valid name"):
        keep_own(Dataset.from_arrays("../mine", parts))
    npz(given / "mnist.npz", **{f"{part}_images": images for part, images in parts.items()})
    assert own_datasets() == []


def test_other_files_in_the_folder_of_downloads_are_no_data_sets_until_they_are_given(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {f"{part}_images": greys(20) for part in ("train", "valid", "test")}
    raw, _ = npz(given / "raw.npz", images=greys()), npz(given / "by-part.npz", **parts)
    npz(given / "other.npz", a=np.zeros(3))
    (given / "broken.npz").write_bytes(b"x")
    assert own_names() == ["broken", "by-part"]
    found = read_own(raw, "raw", Reading())
    assert keep_own(found).parent != given and load_dataset("raw").digest == found.digest
    assert own_names() == ["broken", "by-part", "raw"]
    assert main(["data", "list"]) == 0
    listed = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert [listed[name] for name in own_names()] == ["damaged", "here", "here"]


def test_a_name_is_made_of_the_file_s() -> None:
    assert [name_of(Path(p)) for p in ("My Pictures (2).npz", "a/b.csv", "...npz")] == ["my-pictures-2", "b", "own"]
