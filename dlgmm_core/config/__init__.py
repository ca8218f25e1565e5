"""Configurations of a model and of a training run: frozen records that are stored in a checkpoint.

They are plain values with a JSON round trip, and invalid values are rejected with one sentence that names the field.
Each field is declared with its default, its check, its text in `--help`, and the name of its command line option if
that differs (`dlgmm_core.checks`).
"""

from dataclasses import fields

from dlgmm_core.config.contexts import Context, ContextSampler
from dlgmm_core.config.model_config import PRIOR_COMPONENTS, ModelConfig
from dlgmm_core.config.train_config import TrainConfig, require_step_size

__all__ = ["PRIOR_COMPONENTS", "Context", "ContextSampler", "ModelConfig", "TrainConfig", "require_step_size"]

# so that `help` and the API pages show the descriptions of the fields
for _kind in (Context, ContextSampler, ModelConfig, TrainConfig):
    _lines = [f"        {f.name}: {f.metadata['help']}.\n" for f in fields(_kind)]
    _kind.__doc__ = f"{_kind.__doc__}\n    Attributes:\n{''.join(_lines)}    "
