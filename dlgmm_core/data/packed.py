"""A split in an eighth of the memory, for programs that keep a data set and seldom need all of its images at once."""

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.splits import Split

__all__ = ["PackedSplit"]


class PackedSplit(Split):
    """A split without grey levels, (0, X), whose images take one bit per pixel.

    Example:
        >>> ink = np.eye(3, 20, dtype=np.uint8)
        >>> kept = PackedSplit(Split(255 * ink, ink, labels=None))
        >>> bool((kept.binary == ink).all()), bool((kept[1:].binary == ink[1:]).all())
        (True, True)
    """

    _bits: NDArray[np.uint8]  # (N, X/8)
    _pixels: int  # X

    def __init__(self, split: Split) -> None:
        self.__dict__.update(  # the fields of `Split` are frozen
            grey=split.grey[:0].copy(),
            labels=split.labels,
            _bits=np.packbits(split.binary, axis=1),
            _pixels=split.binary.shape[1],
        )

    def __len__(self) -> int:
        return len(self._bits)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> Split:
        images = self._unpacked(self._bits[rows])
        return Split(self.grey, images, None if self.labels is None else self.labels[rows])

    @property
    def binary(self) -> NDArray[np.uint8]:
        """(N, X) uint8, zeros and ones, unpacked whenever it is asked for: of 50,000 images in tens of milliseconds."""
        return self._unpacked(self._bits)

    def _unpacked(self, bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.unpackbits(bits, axis=-1, count=self._pixels)
