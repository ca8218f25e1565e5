"""What tests of published files share: how a complaint about them has to read, and drawings that pass for published."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data import sources
from dlgmm_core.data.sources import DataError

ZIPS = ("images_background.zip", "images_evaluation.zip")


def complaint(call: Callable[[], object]) -> str:
    """What a call says is wrong with the data: a single line that ends a sentence."""
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def png(ink: NDArray[np.bool_]) -> bytes:
    """A drawing as Omniglot has it: one bit a pixel, ink black."""
    content = io.BytesIO()
    Image.fromarray(~ink).save(content, "PNG")
    return content.getvalue()


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


INK = {
    "images_background.zip": {
        ("Tifinagh", "character01", "0910", "02"): np.random.default_rng(1).random((105, 105)) < 0.1,
        ("Tifinagh", "character01", "0910", "01"): np.random.default_rng(2).random((105, 105)) < 0.1,
    },
    "images_evaluation.zip": {
        ("Angelic", "character02", "0966", "20"): np.pad(np.ones((15, 30), bool), ((15, 75), (45, 30))),
    },
}


def publish_drawings(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three drawings, and what a file manager adds, in zips that pass for the published ones."""
    for name, drawings in INK.items():
        top = name.removesuffix(".zip")
        members = {f"{top}/{a}/{c}/{number}_{d}.png": png(ink) for (a, c, number, d), ink in drawings.items()}
        junk = {
            f"{top}/": b"",
            f"{top}/.DS_Store": b"x",
            f"__MACOSX/{top}/Angelic/character01/._0965_01.png": b"x",
            f"__MACOSX/{top}/Angelic/character01/0965_01.png": b"x",
            f"{top}/.hidden/character01/0965_01.png": b"x",
        }
        write_zip(given / name, junk | members)
        digest = hashlib.sha256()
        for key in sorted(drawings):
            digest.update("/".join(key).encode() + np.packbits(drawings[key]).tobytes())
        monkeypatch.setitem(sources.FILES, name, replace(sources.FILES[name], content=digest.hexdigest()))
