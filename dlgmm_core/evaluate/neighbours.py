r"""The nearest training codes of every test code, by exact brute-force search.

.. math:: \tfrac12 |q - t|^2 = \tfrac12 |t|^2 - q \cdot t + \tfrac12 |q|^2

The first two terms rank the training codes t of one query q, and for all pairs are one matrix product.
In each row only block minima are sorted: each of the k smallest entries lies in one of the k blocks
with the smallest minima. Single precision selects k codes and a few more, double precision orders
them. This takes half the time of scikit-learn's brute force and gives the same result.

If rounding or equal distances may have excluded a code, all codes that are as near in single precision, within its
rounding error, are compared in double precision. So the result depends neither on k nor on the blocks.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["neighbours"]

QUERIES = 96  # per block: their distances to 50,000 codes are 19 MB, which fit into the processor's cache
BLOCK = 64  # training codes per block
SPARE = 2  # further codes selected after the k-th, because of rounding; from 3 on, `topk` takes longer at k = 10


def neighbours(
    train_codes: NDArray[np.float32], test_codes: NDArray[np.float32], k: int, metric: str = "euclidean"
) -> NDArray[np.int64]:
    """(N, k) indices of each test code's nearest training codes, nearest first; for equal distances, lower index first.

    So the order of the training set matters only for codes at exactly the same distance, such as copies of one code.

    Args:
        train_codes: (M, D).
        test_codes: (N, D).
        k: neighbours to find, M at most.
        metric: "euclidean" or "cosine".

    Raises:
        ValueError: if there are fewer than k training codes, or a code is not finite.
    """
    if not 1 <= k <= len(train_codes):
        raise ValueError(f"k must be a whole number from 1 to {len(train_codes)}, the training codes, not {k}.")
    if not (np.isfinite(train_codes).all() and np.isfinite(test_codes).all()):
        raise ValueError("codes must be finite numbers.")
    # equal codes are looked up once: a collapsed model has few others, and each costs a hundred times the usual
    different, places = np.unique(test_codes, axis=0, return_inverse=True)
    train, test = torch.from_numpy(train_codes), torch.from_numpy(different).double()
    if metric == "cosine":  # on the unit sphere, angles and distances have the same order
        train, test = _on_the_sphere(train.double()), _on_the_sphere(test)
    wanted = min(k + SPARE, len(train))
    block = max(1, min(BLOCK, len(train) // wanted))
    centre = train.mean(0, dtype=torch.float64)  # centred, because far from the origin the product would lose precision
    columns = _columns((train - centre).float(), block)
    products = torch.empty(QUERIES, columns.shape[1])
    found = []
    for queries in test.split(QUERIES):
        moved = (queries - centre).float()
        ranks = torch.mm(torch.cat([moved, moved.new_ones(len(moved), 1)], 1), columns, out=products[: len(moved)])
        chosen = _smallest(ranks.unflatten(1, (-1, block)), wanted)
        nearest, distances = _in_order(train, queries, chosen, k)
        # a code that was not chosen ranks at least as high as the largest chosen one
        limit = _highest_rank(moved.double(), distances[:, -1])
        if wanted < len(train):
            for row in (limit >= ranks.gather(1, chosen).amax(1)).nonzero()[:, 0].tolist():
                near = (ranks[row] <= limit[row]).nonzero().T
                nearest[row] = _in_order(train, queries[row, None], near, k)[0][0]
        found.append(nearest)
    return torch.cat(found).numpy()[places.reshape(-1)]


def _on_the_sphere(codes: Tensor) -> Tensor:
    """(N, D) codes scaled to length one; those of length zero are unchanged."""
    return codes / codes.square().cumsum(1)[:, -1:].sqrt().clamp_min(torch.finfo(codes.dtype).tiny)


def _columns(train: Tensor, block: int) -> Tensor:
    """(D + 1, M'), columns -t and |t|^2/2 of each of the codes t (M, D), padded to full blocks."""
    whole = torch.cat([-train, train.square().sum(1, keepdim=True) / 2], 1)
    missing = whole.new_zeros(-len(whole) % block, whole.shape[1])
    missing[:, -1] = torch.inf
    return torch.cat([whole, missing]).t().contiguous()


def _smallest(values: Tensor, count: int) -> Tensor:
    """(N, count) indices, ascending, of the smallest entries in each row of (N, blocks, width), flattened."""
    width = values.shape[2]
    blocks = values.amin(2).topk(count, largest=False, sorted=False).indices
    inside = values.gather(1, blocks[:, :, None].expand(-1, -1, width)).flatten(1)
    chosen = inside.topk(count, largest=False, sorted=False).indices
    return (blocks.gather(1, chosen // width) * width + chosen % width).sort(1).values


def _in_order(train: Tensor, queries: Tensor, chosen: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k nearest to every query of the chosen (N, C) training codes, in ascending order; and squared distances."""
    # `cumsum` adds coordinates in their order; the order of `sum` depends on the shape
    distances = (train[chosen].double() - queries[:, None]).square().cumsum(2)[:, :, -1]
    distances, order = (each[:, :k] for each in distances.sort(dim=1, stable=True))
    return chosen.gather(1, order), distances


def _highest_rank(queries: Tensor, distances: Tensor) -> Tensor:
    """(N,) the highest rank that single precision gives a code at squared distances (N,) of queries (N, D), or nearer.

    Such a code is no longer than the two lengths together; its rank is a sum of D + 1 products of rounded numbers.
    """
    length = queries.square().sum(1)
    rounding = 2 * (queries.shape[1] + 3) * 2.0**-24
    return (distances - length) / 2 + rounding * (length.sqrt() + distances.sqrt()).square()
