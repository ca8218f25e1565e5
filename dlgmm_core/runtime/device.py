"""Devices: choosing one by name, and finding the one that a model is on."""

import torch
from torch import nn

from dlgmm_core.checks import ConfigError

__all__ = ["DEVICES", "choose_device", "device_of"]

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> str:
    """The device of that name; for "auto" an accelerator if there is one, otherwise the CPU.

    Raises:
        ConfigError: if this machine has no such device.
    """
    if name == "auto":
        return str(torch.accelerator.current_accelerator() or "cpu") if torch.accelerator.is_available() else "cpu"
    if name != "cpu" and not getattr(torch, name).is_available():
        raise ConfigError(f"There is no {name} device on this machine: use ⟨device⟩ auto.")
    return name


def device_of(model: nn.Module) -> torch.device:
    """The device of a model's weights, all of which are on the same one."""
    return next(model.parameters()).device
