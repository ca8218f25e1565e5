"""Words that messages share: numbers with what they count, sizes of files, and names that are nearly known ones."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["counted", "nearest", "nearest_name", "size_words"]


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


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that leads on to other advice, if one of the known names is nearly this one; otherwise nothing.

    Example:
        >>> nearest("Minst", ["mnist", "omniglot"]), nearest("cifar", ["mnist", "omniglot"])
        ('did you mean mnist? Else ', '')
    """
    near = nearest_name(name, known, 0.8)
    return f"did you mean {near}? Else " if near else ""


def nearest_name(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known name that is nearest, in small letters or capitals; empty if none is near enough.

    Args:
        name: as it was written.
        known: all that would make sense.
        likeness: the least, between 0 and 1, as `difflib` measures it.
    """
    spelled = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), spelled, n=1, cutoff=likeness)
    return spelled[near[0]] if near else ""
