"""The components of a prior that are the same, whose rows differ only once a slider is moved."""

from collections.abc import Sequence

__all__ = ["identical_caption"]


def identical_caption(means: Sequence[float], scales: Sequence[float]) -> str:
    """A sentence for each set of components of the same mean and scale; empty where all K differ.

    Args:
        means: (K,).
        scales: (K,).
    """
    alike: dict[tuple[float, float], list[int]] = {}
    for k, prior in enumerate(zip(means, scales, strict=True), 1):
        alike.setdefault(prior, []).append(k)
    if len(alike) == 1 < len(means):
        return "All components of the model's own prior are the same: so are all rows, until you move a slider."
    sentences = (
        f"Components {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} of the model's own prior are the same: so"
        " are their rows, until you move a slider."
        for numbers in alike.values()
        if len(numbers) > 1
    )
    return " ".join(sentences)
