r"""The nearest training codes of every test code, found exactly and by brute force.

.. math:: \tfrac12 |q - t|^2 = \tfrac12 |t|^2 - q \cdot t + \tfrac12 |q|^2

The first two terms rank the training codes t of one query q, and for all pairs are one matrix product.
Of its rows only block minima are sorted: each of the k smallest entries lies in one of the k blocks
whose minima are smallest. Single precision chooses k codes and some to spare, double precision puts
them in order. That takes half the time of scikit-learn's brute force and finds the same.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

__all__ = ["neighbours"]

QUERIES = 96  # at once: their distances to 50,000 codes are 19 MB, which a cache still holds
BLOCK = 64  # codes whose smallest distance is looked at first
SPARE = 2  # codes beyond the k-th that rounding may have put there


def neighbours(
    train_codes: NDArray[np.float32], test_codes: NDArray[np.float32], k: int, metric: str = "euclidean"
) -> NDArray[np.int64]:
    """(N, k) indices of each test code's nearest training codes, nearest first.

    Args:
        train_codes: (M, D).
        test_codes: (N, D).
        k: neighbours to find, M at most.
        metric: "euclidean" or "cosine".

    Raises:
        ValueError: if there are fewer than k training codes.
    """
    if not 1 <= k <= len(train_codes):
        raise ValueError(f"k must be a whole number from 1 to {len(train_codes)}, the training codes, not {k}.")
    train, test = torch.from_numpy(train_codes), torch.from_numpy(test_codes)
    if metric == "cosine":  # the order of angles is that of distances on the sphere
        train, test = normalize(train), normalize(test)
    wanted = min(k + SPARE, len(train))
    block = max(1, min(BLOCK, len(train) // wanted))
    centre = train.mean(0)  # far from the origin the product would lose the digits that tell distances apart
    columns = _columns(train - centre, block)
    products = torch.empty(QUERIES, columns.shape[1])
    found = []
    for queries in test.split(QUERIES):
        rows = torch.cat([queries - centre, queries.new_ones(len(queries), 1)], 1)
        ranks = torch.mm(rows, columns, out=products[: len(rows)])
        nearest = _smallest(ranks.unflatten(1, (-1, block)), wanted)
        found.append(_in_order(train, queries, nearest)[:, :k])
    return torch.cat(found).numpy()


def _columns(train: Tensor, block: int) -> Tensor:
    """(D + 1, M'), -t above |t|^2/2 for each of (M, D) codes t, then columns of no query until blocks are full."""
    whole = torch.cat([-train, train.square().sum(1, keepdim=True) / 2], 1)
    missing = whole.new_zeros(-len(whole) % block, whole.shape[1])
    missing[:, -1] = torch.inf
    return torch.cat([whole, missing]).t().contiguous()


def _smallest(values: Tensor, count: int) -> Tensor:
    """(N, count) indices, ascending, of the smallest of each row of (N, blocks, width), counted through the blocks."""
    width = values.shape[2]
    blocks = values.amin(2).topk(count, largest=False, sorted=False).indices
    inside = values.gather(1, blocks[:, :, None].expand(-1, -1, width)).flatten(1)
    chosen = inside.topk(count, largest=False, sorted=False).indices
    return (blocks.gather(1, chosen // width) * width + chosen % width).sort(1).values


def _in_order(train: Tensor, queries: Tensor, chosen: Tensor) -> Tensor:
    """The chosen (N, C) training codes of every query, nearest first; of equal distances the lower index."""
    distances = (train[chosen].double() - queries[:, None].double()).square().sum(2)
    return chosen.gather(1, distances.argsort(dim=1, stable=True))
