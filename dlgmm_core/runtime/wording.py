"""Words that messages share: numbers with what they count, and sizes of files."""

__all__ = ["counted", "size_words"]


def counted(count: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    Args:
        count: 0 or more.
        one: what it counts, in the singular.
        many: in the plural; by default with an s.

    Example:
        >>> counted(1, "class", "classes"), counted(1000, "image")
        ('1 class', '1,000 images')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def size_words(count: int) -> str:
    """A number of bytes, as the size of a file.

    Example:
        >>> size_words(1), size_words(1234), size_words(2_345_678)
        ('1 kB', '2 kB', '2.3 MB')
    """
    return f"{-(-count // 1000):,} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"
