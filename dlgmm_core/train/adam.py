"""Adam with little around PyTorch's fused update.

Each of PyTorch's own steps sorts, checks and records all tensors anew, which takes half as long as the update itself
for a model of the paper's size. And its methods are wrapped for a compiler that nothing here uses, and that takes as
long to load as PyTorch itself.
"""

from inspect import unwrap

import torch

__all__ = ["Adam"]


class Adam(torch.optim.Adam):
    """`torch.optim.Adam` with one group of parameters, the same steps and the same state; no hooks are called."""

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    _whole_step = torch.no_grad()(unwrap(torch.optim.Adam.step))

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # no closure
        """Updates all parameters that have a gradient."""
        (group,) = self.param_groups
        parameters = [each for each in group["params"] if each.grad is not None]
        if not group["fused"] or any(each not in self.state for each in parameters):
            self._whole_step()
            return
        first, second, steps = (
            [self.state[each][key] for each in parameters] for key in ("exp_avg", "exp_avg_sq", "step")
        )
        beta1, beta2 = group["betas"]
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(
            parameters,
            [each.grad for each in parameters],
            first,
            second,
            [],
            steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    step.hooked = True  # type: ignore[attr-defined]  # else PyTorch wraps it for its profiler

    def zero_grad(self) -> None:  # type: ignore[override]  # nothing to choose
        """Removes all gradients."""
        (group,) = self.param_groups
        for each in group["params"]:
            each.grad = None
