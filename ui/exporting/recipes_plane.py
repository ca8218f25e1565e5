"""Copy as Python for the page of the plane: the codes on it, and the true posterior of one digit."""

from dlgmm_core.store.checkpoints import Checkpoint
from ui.exporting.scripts import load_model, script

__all__ = ["plane", "posterior"]


def plane(checkpoint: Checkpoint) -> str:
    """`codes` (N, D) of the test images, their `labels`, and the `components` of the prior."""
    return script(
        load_model(checkpoint),
        f'test = load_dataset("{checkpoint.train_config.dataset}").test',
        'codes, labels = encode(model, test.binary, "mean"), test.labels',
        "components = ellipses(model.prior())  # weights, means, and factors of the covariances; None of sticks",
    )


def posterior(checkpoint: Checkpoint, image: str) -> str:
    """`field`, log p(x, z) on cells, its integral `log_p`, its `peaks`; divergences `forward` and `backward` of `q`."""
    return script(
        load_model(checkpoint),
        image,
        "grid = PlaneGrid.of(model, image[None])",
        "field = grid.resolved(next(grid.fields(image[None])), image)",
        "log_p, peaks = field.log_integral, modes(field)",
        "with torch.no_grad():",
        "    q = model.posterior(torch.from_numpy(image)[None].float())",
        "forward, backward = divergence(grid, field, image, q), reverse_divergence(grid, field, q)",
    )
