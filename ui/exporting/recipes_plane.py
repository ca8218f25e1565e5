"""Copy as Python for the page of the plane: the codes on it, and the true posterior of one digit."""

from collections.abc import Sequence

from dlgmm_core.store.checkpoints import Checkpoint
from ui.exporting.scripts import load_model, script

__all__ = ["plane", "posterior"]


def plane(checkpoint: Checkpoint, means: Sequence[float] | None = None) -> str:
    """`codes` (N, D) of the test images, their `labels`, and the `components` of the prior, about `means` if given."""
    return script(
        load_model(checkpoint),
        f'test = load_dataset("{checkpoint.train_config.dataset}").test',
        'codes, labels = encode(model, test.binary, "mean"), test.labels',
        f"components = ellipses({_prior(means)})  # weights, means, and factors of the covariances; None of sticks",
    )


def posterior(checkpoint: Checkpoint, image: str, means: Sequence[float] | None = None) -> str:
    """`field` of log p(x, z), its integral `log_p` and `peaks`; `gap`, KL(q || p), and `exchanged`, KL(p || q)."""
    return script(
        load_model(checkpoint),
        image,
        "grid = PlaneGrid.of(model, image[None])",
        "" if means is None else f"grid = grid.under({_prior(means)})",
        "field = grid.resolved(next(grid.fields(image[None])), image)",
        "log_p, peaks = field.log_integral, modes(field)",
        "with torch.no_grad():",
        "    q = model.posterior(torch.from_numpy(image)[None].float())",
        "gap, exchanged = kl_q_p(grid, field, image, q), kl_p_q(grid, field, q)",
    )


def _prior(means: Sequence[float] | None) -> str:
    if means is None:
        return "model.prior()"
    rows = [list(means[i : i + 2]) for i in range(0, len(means), 2)]
    return f"model.prior().moved_to(torch.tensor({rows})[:, None])"
