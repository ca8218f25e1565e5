"""Packs MNIST's four published IDX files into `mnist.npz`, which the package ships.

python -m dlgmm_core.data.assets.build_mnist FOLDER_WITH_THE_IDX_FILES
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.sources import DataError, read_unpacked

# MD5 of the unpacked files, and the length of the header before the data, in bytes
PUBLISHED = {
    "train_images": ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", 16),
    "train_labels": ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", 8),
    "test_images": ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", 16),
    "test_labels": ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", 8),
}


MAX_BYTES = 16 + 60_000 * 784  # of the largest


def read_idx(path: Path, md5: str, header: int) -> NDArray[np.uint8]:
    """The data of a published file, gzipped.

    Raises:
        DataError: if it cannot be read, or is not the published file.
    """
    raw = read_unpacked(path, MAX_BYTES)
    if hashlib.md5(raw).hexdigest() != md5:
        raise DataError(f"{path} is not the published file: its MD5 differs from {md5}.")
    return np.frombuffer(raw, np.uint8, offset=header)


def main() -> None:
    """Reads, checks and packs the four files."""
    parser = argparse.ArgumentParser(description="Pack MNIST's IDX files into the package's mnist.npz.")
    parser.add_argument("folder", type=Path, help="contains train-images-idx3-ubyte.gz and the other three files")
    folder = parser.parse_args().folder
    arrays: dict[str, np.ndarray] = {}
    for key, (name, md5, header) in PUBLISHED.items():
        try:
            values = read_idx(folder / f"{name}.gz", md5, header)
        except DataError as error:
            raise SystemExit(str(error)) from error
        arrays[key] = values.reshape(-1, 784) if key.endswith("images") else values
    target = Path(__file__).with_name("mnist.npz")
    np.savez_compressed(target, allow_pickle=False, **arrays)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
