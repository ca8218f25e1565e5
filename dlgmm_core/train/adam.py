"""Adam without PyTorch's compiler, which nothing here uses, and which takes as long to load as PyTorch itself."""

from inspect import unwrap

import torch

__all__ = ["Adam"]


class Adam(torch.optim.Adam):
    """`torch.optim.Adam`, except that its methods are not wrapped for `torch.compile`: the wrappers import it."""

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
