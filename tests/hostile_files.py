"""Files that nobody should send: each with the sentence it earns, or none where it is the digit all the same.

`DIGIT` is that digit, as a person sees it in the files whose sentence is None.
"""

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from tests.picture_bytes import bmp_bytes, chunk, encoded, png_bytes, tiff_bytes

__all__ = ["DIGIT", "HostileFile", "hostile_files"]

EMPTY = "This file is empty: choose a picture of one digit."
HEAVY = "This file has more than 5 MB: choose a smaller one."
LARGE = "This picture is more than 4,096 pixels high or wide: choose a smaller one."
NO_PICTURE = "This file is not a picture that can be read: choose a PNG or a JPEG."
NO_INK = "There is no ink in this picture: draw or photograph one digit on plain paper."
SPECKS = "There are only specks in this picture: draw or photograph one digit with a broader pen."

DIGIT: NDArray[np.uint8] = np.full((120, 90), 255, np.uint8)
DIGIT[20:32, 20:70] = DIGIT[20:100, 58:70] = 0


@dataclass(frozen=True)
class HostileFile:
    """What is sent, and the sentence that answers; None where it is `DIGIT`."""

    content: bytes
    sentence: str | None


@cache
def hostile_files() -> dict[str, HostileFile]:
    """All of them, by what they are."""
    answers = (
        (None, {**_odd_digits(), **_carriers()}),
        (NO_PICTURE, {**_foreign(), **_truncated(), **_malformed(), **_not_numbers(), **_slow()}),
        (LARGE, _bombs()),
        (EMPTY, {"no bytes": b""}),
        (HEAVY, {"a digit and 5 MB": encoded(_digit(), "PNG") + bytes(5 * 2**20)}),
        (NO_INK, _blank()),
        (SPECKS, {"two specks far apart": encoded(Image.fromarray(_specks()), "PNG")}),
        *((f"This picture is only {w} x {h} pixels: choose a larger one.", _thin(w, h)) for w, h in _THIN),
    )
    return {name: HostileFile(content, answer) for answer, files in answers for name, content in files.items()}


def _digit(mode: str = "L") -> Image.Image:
    return Image.fromarray(DIGIT).convert(mode)


# --- what is the digit all the same ---------------------------------------------------------------


def _odd_digits() -> dict[str, bytes]:
    clear = np.dstack([np.zeros((*DIGIT.shape, 3), np.uint8), 255 - DIGIT])  # black everywhere; the paper is clear
    floats, noise = DIGIT.astype(np.float32) / 255, Image.effect_noise((90, 120), 80).convert("RGB")
    frames = {"save_all": True, "append_images": [noise, noise]}
    rgb16 = b"".join(b"\0" + row.astype(">u2").repeat(3).tobytes() for row in DIGIT * np.uint16(257))
    return {
        "png of one bit": encoded(_digit("1"), "PNG"),
        "png of a palette": encoded(_digit("P"), "PNG"),
        "png of a palette with a clear colour": encoded(_digit("P"), "PNG", transparency=255),
        "png of grey and alpha": encoded(Image.fromarray(np.dstack([DIGIT * 0, 255 - DIGIT]), "LA"), "PNG"),
        "png of alpha over black": encoded(Image.fromarray(clear), "PNG"),
        "png of 16 bits": encoded(Image.fromarray(DIGIT * np.uint16(257)), "PNG"),
        "png of three times 16 bits": png_bytes(90, 120, rgb16, depth=16, colour=2),
        "png in motion": encoded(_digit("RGB"), "PNG", **frames),
        "jpeg of four inks": encoded(_digit("CMYK"), "JPEG"),
        "jpeg in ten scans": encoded(_digit("RGB"), "JPEG", progressive=True),
        "gif in motion": encoded(_digit("RGB"), "GIF", **frames),
        "gif with a frame beyond its screen": _small_screen(encoded(_digit(), "GIF")),
        "webp in motion": encoded(_digit("RGB"), "WEBP", lossless=True, **frames),
        "webp of alpha over black": encoded(Image.fromarray(clear), "WEBP", lossless=True, exact=True),
        "tiff of four inks": encoded(_digit("CMYK"), "TIFF"),
        "tiff of a jpeg": encoded(_digit("RGB").convert("YCbCr"), "TIFF", compression="jpeg", quality=95),
        "tiff of 16 bits, the other way round": tiff_bytes(DIGIT.astype(">u2"), order=">"),
        "tiff of 32 bits": encoded(Image.fromarray(DIGIT.astype(np.int32) * 10**6 - 2**27), "TIFF"),
        "tiff of floats": encoded(Image.fromarray(floats), "TIFF"),
        "tiff of huge floats": encoded(Image.fromarray(floats * np.float32(1e38)), "TIFF"),
        "tiff in tiles": tiff_bytes(DIGIT, tile=128),
        "tiff of white zeros": tiff_bytes(255 - DIGIT, photometric=0),
        "tiff of many pages": encoded(_digit(), "TIFF", compression="tiff_lzw", **frames),
        "bmp of a palette": encoded(_digit("P"), "BMP"),
        "the largest png": encoded(_large(_digit("RGBA")), "PNG", compress_level=1),
        "the largest tiff of floats": encoded(_large(Image.fromarray(floats)), "TIFF", compression="tiff_deflate"),
        **{f"jpeg turned as {number} says": _turned(number) for number in range(2, 9)},
    }


def _large(image: Image.Image) -> Image.Image:
    return image.resize((3072, 4096), Image.Resampling.NEAREST)


def _turned(orientation: int) -> bytes:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what undoes the orientation, as Pillow counts
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(_digit().transpose(Image.Transpose(turns[orientation])), "JPEG", quality=95, exif=exif)


def _small_screen(gif: bytes) -> bytes:
    return gif[:6] + struct.pack("<HH", 5, 5) + gif[10:]


def _carriers() -> dict[str, bytes]:
    """Pictures that are something else, too."""
    png, jpeg, gif = (encoded(_digit(), kind) for kind in ("PNG", "JPEG", "GIF"))
    tables, scan = jpeg.index(b"\xff\xc4"), jpeg.index(b"\xff\xda")
    script = b"<script>alert(document.cookie)</script>"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", script.decode() * 100, zip=True)
    archive = io.BytesIO(png)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("../../escape.txt", "x")
    return {
        "png that is a zip": archive.getvalue(),
        "png with a script at its end": png + script,
        "png with a script in its text": encoded(_digit(), "PNG", pnginfo=text),
        "png with an unknown part": png[:33] + chunk(b"evIl", b"\x00" * 1000) + png[33:],
        "jpeg without tables, which has the usual ones": jpeg[:tables] + jpeg[scan:],
        "jpeg with a script in its comment": encoded(_digit(), "JPEG", comment=script),
        "jpeg with another jpeg behind it": jpeg + encoded(Image.new("L", (5000, 5000)), "JPEG"),
        "jpeg with nonsense for a profile": encoded(_digit(), "JPEG", icc_profile=script),
        "jpeg with an orientation of 200": encoded(_digit(), "JPEG", exif=_exif(200)),
        "gif with a script at its end": gif + script,
        "gif with a python pickle at its end": gif + b"cos\nsystem\n(S'touch /tmp/harm'\ntR.",
    }


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


# --- what is no picture ---------------------------------------------------------------------------


def _foreign() -> dict[str, bytes]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
    page = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(/etc/passwd) (r) file\nshowpage\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("digit.png", encoded(_digit(), "PNG"))
    return {
        "text": b"This is a letter and no picture.",
        "one byte": b"\x89",
        "zeros": bytes(1000),
        "white space": b" \n" * 500,
        "svg": svg,
        "svg, zipped": gzip.compress(svg),
        "html": page,
        "html before a png": page + encoded(_digit(), "PNG"),
        "html after a png's signature": b"\x89PNG\r\n\x1a\n" + page,
        "eps": eps,
        "eps in a binary wrapping": b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 30, len(eps), 0, 0, 0, 0, 0xFFFF) + eps,
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript>>>>endobj\n%%EOF",
        "pickle": b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "zip": archive.getvalue(),
        "zip that is a digit by name": archive.getvalue().replace(b"digit.png", b"digit.gif"),
        "program": b"MZ" + bytes(58) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\0\0",
        **{f"{kind.lower()}": encoded(_digit(), kind) for kind in ("PPM", "ICO", "TGA", "PCX", "SGI", "JPEG2000")},
    }


def _truncated() -> dict[str, bytes]:
    halves = {}
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
        content = encoded(Image.effect_noise((200, 200), 80), kind)
        halves |= {f"half a {kind.lower()}": content[: len(content) // 2], f"a {kind.lower()}'s start": content[:24]}
    return halves


def _malformed() -> dict[str, bytes]:
    png, jpeg = encoded(_digit(), "PNG"), encoded(_digit(), "JPEG")
    return {
        "png without pixels": png.replace(b"IDAT", b"IDAX"),
        "png of width 0": png_bytes(0, 120, b""),
        "png with noise for pixels": png_bytes(90, 120, b"", packed=b"\xff" * 400),
        "png of 3 bits": png_bytes(90, 120, bytes(91 * 120), depth=3),
        "png with a false checksum": png[:29] + b"\0\0\0\0" + png[33:],
        "png whose text opens to 20 MB": png[:33]
        + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2 * 10**7)))
        + png[33:],
        "jpeg of height 0": jpeg.replace(struct.pack(">HH", 120, 90), struct.pack(">HH", 0, 90), 1),
        "jpeg of markers": b"\xff\xd8" + b"\xff\xd0" * 5000,
        "gif without frames": b"GIF89a" + struct.pack("<HHBBB", 90, 120, 0, 0, 0) + b";",
        "webp of nonsense": b"RIFF" + struct.pack("<I", 1000) + b"WEBPVP8 " + bytes(range(256)) * 4,
        "bmp of 7 bits": bmp_bytes(90, 120, bits=7),
        "bmp without pixels": bmp_bytes(90, 120, bits=24),
        "tiff whose directory is itself": b"II*\0" + struct.pack("<IHI", 8, 0, 8),
        "tiff with its directory outside": b"II*\0" + struct.pack("<I", 2**31) + bytes(100),
        "tiff of 65535 entries": b"II*\0" + struct.pack("<IH", 8, 65535) + bytes(1000),
        "tiff with its pixels outside": tiff_bytes(DIGIT, offset=2**31),
        "tiff of width 0": tiff_bytes(DIGIT[:, :0]),
        "tiff of 99 samples": tiff_bytes(DIGIT, samples=99),
        "tiff packed in an unknown way": tiff_bytes(DIGIT, compression=4711),
        "tiff of doubles": tiff_bytes(DIGIT.astype("<f8")),
        "tiff in one vast tile": tiff_bytes(DIGIT, tile=2**31 - 16),
    }


def _not_numbers() -> dict[str, bytes]:
    files = {}
    for name, odd in (("nan", np.nan), ("infinity", np.inf), ("minus infinity", -np.inf)):
        levels = DIGIT.astype(np.float32)
        levels[3, 4] = odd
        files[f"tiff with one {name}"] = encoded(Image.fromarray(levels), "TIFF")
    return {**files, "tiff of nan alone": encoded(Image.new("F", (90, 120), np.nan), "TIFF")}


def _slow() -> dict[str, bytes]:
    """A small file that would take an hour: a JPEG goes over all of its pixels in every scan."""
    small = encoded(Image.new("L", (200, 200), 200), "JPEG", progressive=True, quality=50)
    content = small.replace(struct.pack(">HH", 200, 200), struct.pack(">HH", 4096, 4096), 1)
    scan = content[content.rindex(b"\xff\xda") : -2]
    return {"jpeg in 50,000 scans": content[:-2] + scan * 50_000 + content[-2:]}


# --- what is too large, or too little -------------------------------------------------------------


def _bombs() -> dict[str, bytes]:
    sides = {f"png of {w} x {h}": (w, h) for w, h in ((4097, 10), (10, 4097), (30_000, 30_000), (2**31 - 1, 2**31 - 1))}
    return {
        **{name: png_bytes(w, h, bytes(1_000_000)) for name, (w, h) in sides.items()},
        "jpeg of 65,500 x 65,500": encoded(_digit(), "JPEG").replace(
            struct.pack(">HH", 120, 90), struct.pack(">HH", 65_500, 65_500), 1
        ),
        "gif of 65,535 x 65,535": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + encoded(_digit(), "GIF")[10:],
        "gif with a frame of 65,535 x 65,535": _large_frame(encoded(_digit(), "GIF")),
        "gif that is a script": b"GIF89a/*" + encoded(_digit(), "GIF")[8:] + b"*/=1;alert(1)",
        "bmp of 30,000 x 30,000": bmp_bytes(30_000, 30_000, bits=24),
        "webp of 16,383 x 16,383": _large_webp(encoded(_digit(), "WEBP", lossless=True)),
        "tiff of 60,000 x 60,000": tiff_bytes(np.broadcast_to(DIGIT[:1, :1], (60_000, 60_000)), strip=b"\0"),
    }


def _large_frame(gif: bytes) -> bytes:
    start = gif.index(b"\x2c\x00\x00\x00\x00" + struct.pack("<HH", 90, 120)) + 5
    return gif[:start] + struct.pack("<HH", 65_535, 65_535) + gif[start + 4 :]


def _large_webp(webp: bytes) -> bytes:
    start = webp.index(b"VP8L") + 9  # width and height less one, 14 bits each
    return webp[:start] + struct.pack("<I", 16_382 | 16_382 << 14) + webp[start + 4 :]


def _blank() -> dict[str, bytes]:
    return {
        "white paper": encoded(Image.new("L", (50, 50), 255), "PNG"),
        "black paper": encoded(Image.new("L", (50, 50)), "PNG"),
        "png of a palette without one": png_bytes(90, 120, bytes(91 * 120), colour=3),
        "clear paper": encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"),
        "tiff of one level": encoded(Image.new("F", (50, 50), 7.5), "TIFF"),
    }


def _specks() -> NDArray[np.uint8]:
    levels = np.full((512, 512), 255, np.uint8)
    levels[5, 5] = levels[500, 500] = 0
    return levels


_THIN = ((1, 1), (2, 50), (4096, 4))


def _thin(width: int, height: int) -> dict[str, bytes]:
    return {f"png of {width} x {height}": encoded(Image.new("L", (width, height), 9), "PNG")}
