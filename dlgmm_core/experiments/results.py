"""The record of all experiments: `checkpoints/results.json`, a list of rows, one per model and test set.

All tables and pages of results are generated from this file.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from dlgmm_core.config import Context
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.files import StorageError, brief, write_atomically
from dlgmm_core.runtime.records import from_json, to_json
from dlgmm_core.store.checkpoints import HISTORY, TRAINING, WEIGHTS, Checkpoint, read_checkpoint
from dlgmm_core.store.figures import EXACT, Figures
from dlgmm_core.store.files import RESTORE, CheckpointError, is_file, read_json
from dlgmm_core.store.history import EpochMetrics, read_history
from dlgmm_core.store.measurements import read_context_measurements, read_measurements

__all__ = [
    "RESULTS",
    "experiment_rows",
    "has_likelihoods",
    "is_complete",
    "is_recorded",
    "is_trained",
    "merge_rows",
    "missing_contexts",
    "read_results",
    "rows_of",
    "write_results",
]

RESULTS = "results.json"
_RECORD_AGAIN = "restore it, or remove it and run reproduce again"


def is_trained(folder: Path, experiment: Experiment) -> bool:
    """Whether the folder has this experiment's finished weights.

    Raises:
        CheckpointError: if it has another model, or one trained with other settings.
    """
    if not is_file(folder / WEIGHTS, RESTORE):
        return False
    checkpoint = read_checkpoint(folder)
    kept = {**checkpoint.model_config.to_dict(), **checkpoint.train_config.to_dict()}
    asked = {**experiment.model.to_dict(), **experiment.train.to_dict()}
    for name, value in asked.items():
        if kept[name] != value:
            raise CheckpointError(
                f"{folder} was trained with {name} = {kept[name]}, not {value}: move the folder away."
            )
    return not is_file(folder / TRAINING, RESTORE)


def is_recorded(rows: list[Row], experiment: Experiment, sample_sizes: Sequence[int]) -> bool:
    """Whether the rows have the experiment's figures for every test set and S, with the same settings."""
    settings = (experiment.model, experiment.train)
    own = [r for r in rows if r.checkpoint == experiment.name and (r.model_config, r.train_config) == settings]
    at_own_prior = [row for row in own if row.context in (None, experiment.model.context)]
    measured = {row.eval_dataset for row in at_own_prior if is_complete(row.figures, experiment, sample_sizes)}
    at_contexts = [(row.context, row.figures) for row in own if row.context is not None]
    missing = missing_contexts(at_contexts, experiment, sample_sizes)
    return measured >= set(experiment.eval_datasets) and not missing


def missing_contexts(
    measured: Iterable[tuple[Context, Figures]], experiment: Experiment, sample_sizes: Sequence[int]
) -> list[Context]:
    """The contexts at which an experiment was not measured, or not with all figures, in its order."""
    figures = dict(measured)
    missing = [c for c in experiment.contexts if not is_complete(figures.get(c, Figures()), experiment, sample_sizes)]
    return missing + [c for c in experiment.sweep if figures.get(c, Figures()).elbo is None]


def is_complete(figures: Figures, experiment: Experiment, sample_sizes: Sequence[int]) -> bool:
    """Whether figures on one test set have every -log p(x) and, of a mixture, how well it clusters."""
    clusters = figures.clustering is not None or not MODELS[experiment.model.model].has_components
    return clusters and has_likelihoods(figures, experiment, sample_sizes)


def has_likelihoods(figures: Figures, experiment: Experiment, sample_sizes: Sequence[int]) -> bool:
    """Whether figures on one test set have -log p(x) at every S and, of an experiment that has it, by a grid."""
    return {*map(str, sample_sizes), *([EXACT] if experiment.exact else [])} <= set(figures.nll)


def merge_rows(old: list[Row], new: list[Row]) -> list[Row]:
    """The new rows, and the old ones for other models and test sets, in the order of the table."""
    fresh = {_subject(row) for row in new}
    kept = [row for row in old if _subject(row) not in fresh]
    order = {name: number for number, name in enumerate(EXPERIMENTS)}
    return sorted([*kept, *new], key=lambda row: order.get(row.checkpoint or "", len(order)))


def _subject(row: Row) -> tuple[object, ...]:
    """What a row is of: a checkpoint, or a baseline, which has none, a test set, and a context, if there is one."""
    baseline = (row.model, row.num_components, row.seed) if row.checkpoint is None else ()
    return row.checkpoint, row.eval_dataset, row.context, *baseline


def experiment_rows(root: Path) -> list[Row]:
    """A row for every test set of every experiment that is trained and evaluated, in the table's order.

    Unfinished runs, and models trained with other settings, are left out.
    """
    rows = []
    for experiment in EXPERIMENTS.values():
        with suppress(CheckpointError):
            rows += rows_of(root, experiment)
    return rows


def rows_of(root: Path, experiment: Experiment) -> list[Row]:
    """A row for every test set, and context, that one experiment was evaluated on; none, if it is not trained.

    Raises:
        CheckpointError: as `is_trained`, and if the history or the measurements are damaged.
    """
    if not is_trained(root / experiment.name, experiment):
        return []
    checkpoint = read_checkpoint(root / experiment.name)
    measured, history = read_measurements(checkpoint), read_history(checkpoint.folder)
    if not history:
        raise CheckpointError(
            f"{checkpoint.folder / HISTORY} is missing: restore it, or move the folder away and run reproduce again."
        )
    own = None if checkpoint.model_config.contexts is None else checkpoint.model_config.context
    found = [(dataset, own, each.figures) for dataset, each in measured.items()]
    found += [(each.dataset, each.context, each.figures) for each in read_context_measurements(checkpoint)]
    return [_row(checkpoint, history, experiment, *each) for each in found]


def _row(
    checkpoint: Checkpoint,
    history: Sequence[EpochMetrics],
    experiment: Experiment,
    eval_dataset: str,
    context: Context | None,
    figures: Figures,
) -> Row:
    last = history[-1]
    model, train = checkpoint.model_config, checkpoint.train_config
    return Row(
        model=model.model,
        dataset=train.dataset,
        eval_dataset=eval_dataset,
        recipe=experiment.recipe,
        code_dim=model.code_dim,
        num_components=model.num_components,
        seed=train.seed,
        epochs=last.epoch,
        seconds=round(sum(epoch.seconds for epoch in history)),
        stopped="patience" if last.epoch - last.best_epoch >= train.patience else "epochs",
        valid_bound=checkpoint.valid_bound,
        context=context,
        figures=figures,
        model_config=model,
        train_config=train,
        checkpoint=checkpoint.name,
    )


def write_results(root: Path, rows: list[Row]) -> None:
    """Writes the record atomically, one row per line, so that versions are easy to compare."""
    lines = ",\n".join(json.dumps(to_json(row), allow_nan=False) for row in rows)
    write_atomically(root / RESULTS, f"[\n{lines}\n]\n".encode())


def read_results(root: Path) -> list[Row]:
    """The recorded rows; none if there is no file.

    Raises:
        StorageError: if the file is damaged.
    """
    path = root / RESULTS
    if not is_file(path, _RECORD_AGAIN):
        return []
    rows = read_json(path, _RECORD_AGAIN)
    try:
        if not isinstance(rows, list):
            raise ValueError("it is not a JSON list")
        return [from_json(Row, row) for row in rows]
    except ValueError as error:
        raise StorageError(f"{path} is not a list of results ({brief(error)}): {_RECORD_AGAIN}.") from error
