"""The files of the published data sets: finding, downloading and reading them.

Most of the data sets are not shipped, so each file is searched for in the folder that `$DLGMM_DATA`
names, then in the user's cache, and is otherwise downloaded into that cache, unless `$DLGMM_DOWNLOAD` is 0.
Copies are compressed in different ways, so the digest of the pixels is checked, not that of the file.
"""

import contextlib
import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import pooch
import requests
from numpy.typing import NDArray

from dlgmm_core.checks import SettingError
from dlgmm_core.runtime.files import StorageError, write_atomically
from dlgmm_core.runtime.folders import cache_folder

__all__ = [
    "DOWNLOAD",
    "FILES",
    "PIXELS",
    "DataError",
    "cached_array",
    "damaged",
    "find",
    "given_folders",
    "may_download",
    "obtain",
    "read_unpacked",
    "write_cache",
]

DOWNLOAD = "DLGMM_DOWNLOAD"
PIXELS = 784

Scalar = TypeVar("Scalar", bound=np.generic)


class DataError(SettingError, RuntimeError):
    """Data is unavailable or damaged; the message names the file and says what to do."""


@dataclass(frozen=True)
class PublishedFile:
    """One file of a publisher.

    Attributes:
        url: where it is downloaded from.
        known_hash: of the publisher's bytes, as `pooch` writes it; None if none is known.
        content: SHA-256 of its images, eight pixels per byte; in a zip, each image follows its name. Empty for a file
            of which every copy has the publisher's bytes.
    """

    url: str
    known_hash: str | None
    content: str = ""


_TORONTO = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
_KMNIST = "http://codh.rois.ac.jp/kmnist/dataset/kmnist"
_GITHUB = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
FILES = {
    "binarized_mnist_train.amat": PublishedFile(
        f"{_TORONTO}/binarized_mnist_train.amat",
        "sha256:ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
        "727146c35424b019f3e350e1e69faa05644a0abaf787e3f4e1a9632220a13906",
    ),
    "binarized_mnist_valid.amat": PublishedFile(
        f"{_TORONTO}/binarized_mnist_valid.amat",
        "sha256:1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
        "a256ac44ae26be720fad8616a05ed6ecfd1619930d9a208379bb2a4405df5b6d",
    ),
    "binarized_mnist_test.amat": PublishedFile(
        f"{_TORONTO}/binarized_mnist_test.amat",
        "sha256:e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
        "9fcd8da6f0fdf09b2ba30fe63a0bb784042a0de82563172530229b983e294ff2",
    ),
    "images_background.zip": PublishedFile(
        f"{_GITHUB}/images_background.zip",
        "md5:68d2efa1b9178cc56df9314c21c6e718",
        "a0f188bfb1bc00f432bd64a8ae44544806fb20662da8336efe060c20e6bb6276",
    ),
    "images_evaluation.zip": PublishedFile(
        f"{_GITHUB}/images_evaluation.zip",
        "md5:6b91aef0f799c5bb55b94e3f2daec811",
        "c3a14c0b7c7f0cfd0a25364b6f7594a035f39ef697824a3fdeaf9b9ed4180ab6",
    ),
    **{
        f"{dataset}-{file}": PublishedFile(f"{url}/{file}", f"md5:{md5}")
        for dataset, url, files in (
            (
                "fashion-mnist",
                _FASHION,
                {
                    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
                    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
                    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
                },
            ),
            (
                "kmnist",
                _KMNIST,
                {
                    "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
                    "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
                    "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
                    "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
                },
            ),
        )
        for file, md5 in files.items()
    },
    "emnist-gzip.zip": PublishedFile(
        "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", "md5:58c8d27c78d21e728a6bc7b3cc06412e"
    ),
    # no checksum of it is published
    "omniglot-burda-chardata.mat": PublishedFile(
        "https://github.com/yburda/iwae/raw/master/datasets/OMNIGLOT/chardata.mat", None
    ),
}


def cached_array(name: str, make: Callable[[], NDArray[Scalar]]) -> NDArray[Scalar]:
    """An array that is computed once and kept in the user's cache.

    A damaged file is replaced, and a cache that cannot be written is not an error.

    Args:
        name: of the file, without its extension.
        make: computes the array, which must not contain Python objects.
    """
    path = cache_folder() / f"{name}.npy"
    with contextlib.suppress(Exception), path.open("rb") as file:  # whatever the damage, compute it again
        kept: NDArray[Scalar] = np.lib.format.read_array(file, allow_pickle=False)
        return kept
    array = make()
    write_cache(path, lambda file: np.save(file, array, allow_pickle=False))
    return array


def read_unpacked(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes, unpacked if its name ends in .gz.

    Raises:
        DataError: if it is damaged or longer.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, f"it cannot be read ({error})") from error
    if len(content) > most:
        raise damaged(path, f"it has more than {most:,} bytes")
    return content


def obtain(folder: str, *names: str) -> Path:
    """A published file: a local one under any of its names, otherwise downloaded under the first.

    Args:
        folder: a subfolder of the one that `$DLGMM_DATA` names, which is searched too.
        names: of the file; the first is a key of `FILES`.

    Raises:
        DataError: if it is missing and cannot, or may not, be downloaded.
    """
    if (local := find(folder, *names)) is not None:
        return local
    source, cache = FILES[names[0]], cache_folder()
    if not may_download():
        raise DataError(
            f"{names[0]} is not on this computer, and {DOWNLOAD} is 0, so it is not downloaded: put it into the folder"
            f" that DLGMM_DATA names, or set {DOWNLOAD} to 1."
        )
    try:
        return Path(pooch.retrieve(source.url, source.known_hash, names[0], cache, progressbar=sys.stderr.isatty()))
    except (OSError, ValueError) as error:
        sought = " and ".join(map(str, (*given_folders(), cache)))
        raise DataError(
            f"{names[0]} is not in {sought}, and the download failed ({_reason(error)}): "
            f"get it from {source.url} and put it into the folder that DLGMM_DATA names."
        ) from error


def find(folder: str, *names: str) -> Path | None:
    """A published file on this machine, as `obtain` looks for it; None if it would have to be downloaded.

    Raises:
        DataError: if `$DLGMM_DATA` cannot be the path of a folder.
    """
    given = given_folders()
    for place in (*given, *(root / folder for root in given), cache_folder()):
        for name in names:
            if os.path.isfile(place / name):  # unlike Path.is_file, false if access is denied
                return place / name
    return None


def may_download() -> bool:
    """Whether missing files are downloaded: unless `$DLGMM_DOWNLOAD` is 0.

    Raises:
        DataError: if it is neither 0 nor 1.
    """
    value = os.environ.get(DOWNLOAD, "").strip() or "1"
    if value not in ("0", "1"):
        raise DataError(f"{DOWNLOAD} must be 0 or 1, not “{value[:40]}”.")
    return value == "1"


def given_folders() -> list[Path]:
    """The folder that `$DLGMM_DATA` names, if it names one.

    Raises:
        DataError: if it cannot be the path of a folder.
    """
    named = os.environ.get("DLGMM_DATA", "")
    if not named.isprintable() or len(named) > 4096:
        raise DataError("DLGMM_DATA is too long or contains control characters: set it to the path of a folder.")
    return [Path(os.path.expanduser(named))] if named else []


def _reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was interrupted"
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return "no network"
    return str(error) if isinstance(error, OSError) else "the downloaded file is not the published one"


def damaged(name: Path | str, what: str) -> DataError:
    """The error for a file, or a place in it, that is not as published."""
    return DataError(f"{name}: {what}; replace the file with a fresh copy, or remove it to have it downloaded.")


def write_cache(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Writes a file atomically into a cache; errors are ignored, since the cache is optional."""
    content = io.BytesIO()
    write(content)
    with contextlib.suppress(StorageError):
        write_atomically(path, content.getvalue())
