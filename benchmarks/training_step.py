"""How long a training step of each model takes, as a ratio to Gauss-VAE's in the same run.

Run it as `python -m benchmarks.training_step`. Seconds depend on the machine and its other work;
the ratios, whose steps are interleaved, hardly do.
"""

import statistics
import time

import torch

from dlgmm_core.config import ModelConfig
from dlgmm_core.models import MODELS, build_model
from dlgmm_core.objectives import BOUNDS, elbo

ROUNDS, BATCH = 30, 100


def main() -> None:
    """Prints a table: model and bound, median milliseconds a step, ratio."""
    torch.manual_seed(0)
    images = (torch.rand(BATCH, 784) < 0.13).float()
    entries = []
    for name, family in MODELS.items():
        k = family.default_components
        config = ModelConfig(name, 25, k, (0.0,) * k, (1.0,) * k, family.default_concentration)
        model = build_model(config)
        optimizer = torch.optim.Adam(model.parameters(), fused=True)
        entries += [(family.label, bound, model, optimizer) for bound in (BOUNDS if k > 1 else ["eq1"])]
    times: dict[tuple[str, str], list[float]] = {(label, bound): [] for label, bound, _, _ in entries}
    for _ in range(ROUNDS):
        for label, bound, model, optimizer in entries:
            started = time.perf_counter()
            optimizer.zero_grad()
            (-elbo(model, images, bound).mean()).backward()
            optimizer.step()
            times[label, bound].append(time.perf_counter() - started)
    unit = statistics.median(times[MODELS["gauss-vae"].label, "eq1"])
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {ROUNDS} interleaved rounds")
    print(f"{'model':10} {'bound':9} {'ms a step':>9} {'ratio':>6}")
    for (label, bound), seconds in times.items():
        median = statistics.median(seconds)
        print(f"{label:10} {bound:9} {1e3 * median:9.1f} {median / unit:6.1f}")


if __name__ == "__main__":
    main()
