"""Files of pictures made byte by byte, so that they may say anything of themselves."""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A file of that picture."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_bytes(
    width: int, height: int, rows: bytes, depth: int = 8, colour: int = 0, packed: bytes | None = None
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(rows) if packed is None else packed
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bmp_bytes(width: int, height: int, bits: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 100, 0, 0, 54) + header + bytes(100)


def tiff_bytes(
    levels: NDArray[np.generic],
    order: str = "<",
    photometric: int = 1,
    compression: int = 1,
    samples: int = 1,
    offset: int | None = None,
    strip: bytes | None = None,
    tile: int = 0,
) -> bytes:
    """One strip or, if it has a side, one tile of levels (height, width), of any type."""
    height, width = levels.shape
    if 0 < tile < 1000:
        levels = np.pad(levels, ((0, tile - height), (0, tile - width)))
    content = levels.tobytes() if strip is None else strip
    place = 8 if offset is None else offset
    tags = {
        256: width,
        257: height,
        258: 8 * levels.dtype.itemsize,
        259: compression,
        262: photometric,
        277: samples,
        339: {"u": 1, "i": 2, "f": 3}[levels.dtype.kind],
        **({322: tile, 323: tile, 324: place, 325: len(content)} if tile else {}),
        **({} if tile else {273: place, 278: height, 279: len(content)}),
    }
    directory = struct.pack(f"{order}H", len(tags))
    directory += b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return mark + struct.pack(f"{order}I", 8 + len(content)) + content + directory + struct.pack(f"{order}I", 0)
