"""Whether digits in photographs are read as the same digits of MNIST: `python -m benchmarks.photographs [FOLDER]`.

The prepared 28x28, binarized at 127, is classified by a vote of the 5 nearest posterior means of mnist-gauss-vae
among those of the first 20,000 training images; the clean test image from which the photograph was made, too. The
folder holds pictures and labels.csv (file, digit, mnist_test_index; the kind is the file's name up to its dash).
Without one, and after it, come photographs made here, of a seed that nothing was tuned on.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.made_photographs import KINDS, photograph
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.data.digits import DigitError, prepare_digit
from dlgmm_core.evaluate.knn import encode, vote
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.store.checkpoints import load_checkpoint

CHECKPOINT = Path(__file__).parents[1] / "checkpoints" / "mnist-gauss-vae"
TRAIN, K, THRESHOLD = 20_000, 5, 127
HELD_OUT, EACH = 2016, 50  # the seed of the photographs made here, and how many of a kind


class Example(NamedTuple):
    """A picture, and the row of the test image whose strokes it shows."""

    picture: NDArray[np.uint8]
    row: int


class Accuracy(NamedTuple):
    """Shares of right digits, 0..1, through photographs and of the same digits clean."""

    photographs: float
    clean: float


class Judge:
    """Knows the training codes, and tells digits from them."""

    def __init__(self) -> None:
        dataset = load_dataset("mnist")
        self._model, _ = load_checkpoint(CHECKPOINT)
        self._codes = encode(self._model, dataset.train.binary[:TRAIN])
        self._known = dataset.train.known_labels[:TRAIN]
        self.test, self.labels = dataset.test.grey.reshape(-1, 28, 28), dataset.test.known_labels

    def classify(self, greys: NDArray[np.uint8]) -> NDArray[np.int64]:
        """(N,) digits of (N, 28, 28) grey levels."""
        codes = encode(self._model, (greys.reshape(-1, 784) > THRESHOLD).astype(np.uint8))
        return vote(self._known[neighbours(self._codes, codes, K)], K)

    def accuracy(self, examples: list[Example]) -> Accuracy:
        """How many are read right; a picture in which no digit is found is read wrong."""
        rows = [example.row for example in examples]
        prepared = np.stack([_prepared(example.picture) for example in examples])
        right, found = self.labels[rows], prepared.any((1, 2))
        read, clean = self.classify(prepared), self.classify(self.test[rows])
        return Accuracy(float(((read == right) & found).mean()), float((clean == right).mean()))

    def made(self, kind: str, seed: int, count: int) -> list[Example]:
        """Photographs of test digits drawn at random."""
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        rows = rng.integers(0, len(self.test), (count, 3))
        pictures = (photograph(self.test[row], kind, seed + number).picture for number, row in enumerate(rows))
        return [Example(picture, int(row[0])) for picture, row in zip(pictures, rows, strict=True)]


def read_folder(folder: Path) -> dict[str, list[Example]]:
    """The labelled photographs of a folder, by kind."""
    examples = defaultdict(list)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            with Image.open(folder / row["file"]) as image:
                picture = np.asarray(image.convert("RGB"))
            examples[row["file"].split("-")[0]].append(Example(picture, int(row["mnist_test_index"])))
    return examples


def _prepared(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    try:
        return prepare_digit(picture).grey
    except DigitError:
        return np.zeros((28, 28), np.uint8)


def _print_table(title: str, judge: Judge, examples: dict[str, list[Example]]) -> None:
    print(f"{title:<28}  right   clean   of")
    total, count = np.zeros(2), 0
    for kind, those in examples.items():
        share = judge.accuracy(those)
        print(f"  {kind:<26} {share.photographs:6.1%}  {share.clean:6.1%}  {len(those):4d}")
        total, count = total + len(those) * np.array(share), count + len(those)
    print(f"  {'all':<26} {total[0] / count:6.1%}  {total[1] / count:6.1%}  {count:4d}")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photographs", description="Reads photographs.")
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="of photographs with labels.csv")
    parser.add_argument("--seed", type=int, default=HELD_OUT, help="of those made here; default %(default)s")
    parser.add_argument("--each", type=int, default=EACH, help="of a kind; default %(default)s")
    options = parser.parse_args()
    if options.folder and not (options.folder / "labels.csv").is_file():
        parser.error(f"There is no labels.csv in {options.folder}: name a folder of labelled photographs.")
    torch.set_num_threads(1)
    judge = Judge()
    if options.folder:
        _print_table(str(options.folder), judge, read_folder(options.folder))
    made = {kind: judge.made(kind, options.seed, options.each) for kind in KINDS}
    _print_table(f"made, seed {options.seed}", judge, made)


if __name__ == "__main__":
    main()
