"""The sidebar: which data set, and which checkpoints the pages compare."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dlgmm_core.data.datasets import DATASETS, label_of, shape_of
from dlgmm_core.data.sources import DataError
from dlgmm_core.experiments.paper import DIGITS
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.glossary.terms import meaning
from ui.gone import tell_gone
from ui.groups import MEANINGS, by_group, group, usual
from ui.link_report import bound_in_link, end_page
from ui.links import put_words_in_link, words_in_link
from ui.literal import literal, sentence
from ui.visitors.classroom import ClassSettings, class_settings
from ui.visitors.own_data import seen_by
from ui.visitors.ownership import is_mine
from ui.visitors.visitor import asking

__all__ = [
    "Selection",
    "choice",
    "choose_checkpoint",
    "choose_dataset",
    "compare",
    "compare_also",
    "compare_next",
    "label",
    "last_checkpoint",
    "offering",
    "selection",
    "show_sidebar",
]

_DATASET = "dataset-asked-for"
_LINK, _ASKED_FOR = "models", "checkpoints-asked-for"
_NONE = "(none)"  # in the address, where no model is chosen; no checkpoint has such a name


@dataclass(frozen=True)
class Selection:
    """The choice made in the sidebar.

    Attributes:
        dataset: a name in `DATASETS`, or of a data set of one's own.
        checkpoints: that pages compare.
        offered: all that fit the data set, by group, for pages about one of them.
    """

    dataset: str
    checkpoints: list[Checkpoint]
    offered: list[Checkpoint]


def label(checkpoint: Checkpoint) -> str:
    """A checkpoint's name for people: the paper's label, its own name, and the sizes of its code and its prior."""
    config = checkpoint.model_config
    family = MODELS[config.model]
    components = f", K={'×'.join(map(str, config.components))}" if family.has_components else ""
    return f"{family.label} · {checkpoint.name} (D={config.code_size}{components})"


def _fits(checkpoint: Checkpoint, dataset: str) -> bool:
    trained_on = checkpoint.train_config.dataset
    return trained_on == dataset or {trained_on, dataset} <= set(DIGITS)  # the same digits under different noise


def _own_datasets() -> list[str]:
    """Data sets of one's own that the visitor may see: the visitor's, and those of models that are published."""
    return seen_by(asking(), {c.train_config.dataset for c in loaders.checkpoints()})


def choose_dataset(name: str) -> None:
    """Chooses another data set for the next run of a page."""
    st.session_state[_DATASET] = name


def _fitting(dataset: str) -> list[Checkpoint]:
    """Checkpoints for a data set; those trained on other images of its name are left out, and the sidebar says why."""
    found = []
    for checkpoint in loaders.checkpoints():
        try:
            if _fits(checkpoint, dataset):
                _require_same(checkpoint, dataset)
                found.append(checkpoint)
        except DataError as error:
            st.warning(f"**{checkpoint.name}** cannot be used. {sentence(error)}")
    return found


def _require_same(checkpoint: Checkpoint, dataset: str) -> None:
    """Checks the shape of the images, and of a data set of one's own, which may be replaced, the images themselves.

    Raises:
        DataError: if they are others than those that the model was trained on, or cannot be read.
    """
    ours, theirs = checkpoint.model_config.image_shape, shape_of(dataset)
    if ours != theirs:
        raise DataError(
            f"It is for images of {ours[0]}×{ours[1]} pixels, and those of {label_of(dataset)} have"
            f" {theirs[0]}×{theirs[1]}: train a model for these."
        )
    if dataset not in DATASETS:
        loaders.dataset(dataset).require_digest(checkpoint.data, checkpoint.name)


def _class_settings() -> ClassSettings:
    """The teacher's, if there are any that can be read; the page Train tells a damaged file."""
    try:
        return class_settings(loaders.CHECKPOINTS)
    except StorageError:
        return ClassSettings()


def _standard(fitting: list[Checkpoint], asked: Sequence[str]) -> set[str]:
    """Names of those that a visitor compares at first: the teacher's choice and the visitor's own, else the usual."""
    if names := {c.name for c in fitting if c.name in asked}:
        return names | {c.name for c in fitting if is_mine(c.folder)}
    return {c.name for c in usual(fitting)}


def show_sidebar() -> None:
    """Draws the sidebar; pages read it by `selection`."""
    first = _class_settings()
    with st.sidebar:
        datasets = [*DATASETS, *_own_datasets()]
        if (asked_for := st.session_state.pop(_DATASET, None)) in datasets:
            st.session_state["dataset"] = asked_for
        dataset = st.selectbox(
            "Data set",
            datasets,
            index=datasets.index(first.dataset) if first.dataset in datasets else 0,
            format_func=label_of,
            **bound_in_link("dataset", [label_of(name) for name in datasets]),
        )
        fitting = _fitting(dataset)
        offered = by_group(fitting)
        names = [c.name for c in fitting]
        standard = _standard(fitting, first.checkpoints)
        key = f"checkpoints-{dataset}"
        linked = words_in_link(_LINK, [*names, _NONE]) if f"{key}-known" not in st.session_state else []
        chosen = [name for name in linked if name != _NONE] if linked else _with_new_ones(key, names, standard)
        st.session_state[f"{key}-known"] = set(names)
        asked = st.session_state.pop(_ASKED_FOR, None)
        if asked is not None:
            chosen = [name for name in asked if name in names]
        chosen = _by_groups(key, chosen, offered)
        wanted = st.multiselect(
            "Checkpoints",
            names,
            help=_groups_words(offered),
            key=_box(key, chosen),
            persist_state="session",
        )
        put_words_in_link(_LINK, [] if set(wanted) == standard else wanted or [_NONE])
        for broken in loaders.broken_checkpoints():
            st.warning(f"**{literal(broken.name)}** cannot be used. {sentence(broken.reason)}")
    st.session_state["selection"] = Selection(dataset, [c for c in fitting if c.name in wanted], offered)


def _groups_words(offered: list[Checkpoint]) -> str:
    """What the boxes of models are for, and a line on each group that is offered."""
    names = dict.fromkeys(map(group, offered))
    return "\n".join(["The models that the pages compare.\n", *(f"- **{name}**: {MEANINGS[name]}." for name in names)])


def _shown(key: str) -> list[str] | None:
    """What the box of `_box` holds now, with what its visitor has just chosen; None before its first run."""
    shown: list[str] | None = st.session_state.get(f"{key}-{st.session_state.get(f'{key}-box')}")
    return shown


def _box(key: str, value: Sequence[str]) -> str:
    """The key of the box with this value: another one than before where its visitor has not chosen it.

    A browser that does not know of a change yet sends its old value with the next event of the page, as when a
    fragment is renewed. That is ignored as the value of a box that is gone, and would undo the change in the same one.
    """
    shown = _shown(key)
    if shown is None or set(shown) != set(value):
        count = st.session_state[f"{key}-box"] = st.session_state.get(f"{key}-box", 0) + 1
        st.session_state[f"{key}-{count}"] = list(value)
    return f"{key}-{st.session_state[f'{key}-box']}"


def _with_new_ones(key: str, names: list[str], standard: set[str]) -> list[str]:
    """The choice so far; checkpoints that this visitor has not seen yet begin as chosen if they are usual ones."""
    known: set[str] = st.session_state.get(f"{key}-known", set())
    kept = [name for name in _shown(key) or [] if name in names]
    return kept + [name for name in names if name in standard and name not in known]


def _by_groups(key: str, chosen: list[str], checkpoints: list[Checkpoint]) -> list[str]:
    """The choice after pills that choose, or leave out, a group; one is on while a checkpoint of its own is chosen."""
    members: dict[str, list[str]] = {}
    for checkpoint in checkpoints:
        members.setdefault(group(checkpoint), []).append(checkpoint.name)
    if len(members) < 2:
        return chosen
    key = f"{key}-groups"
    was_on: list[str] = st.session_state.get(f"{key}-on", [])
    wanted = _shown(key)
    if wanted is not None and set(wanted) != set(was_on):
        turned_off = [name for each in was_on if each not in wanted for name in members.get(each, [])]
        turned_on = [name for each in wanted if each not in was_on for name in members.get(each, [])]
        chosen = [name for name in chosen if name not in turned_off + turned_on] + turned_on
    on = [name for name, own in members.items() if not set(own).isdisjoint(chosen)]
    st.session_state[f"{key}-on"] = on
    # Kept, so that it is told its value in every run: a browser that turns the page before it has drawn it would else
    # draw it empty, and say that its visitor has emptied it.
    st.pills("Models", list(members), selection_mode="multi", key=_box(key, on), persist_state="session")
    return chosen


def compare(names: Sequence[str]) -> None:
    """Chooses the checkpoints that pages compare, and runs the page again if others, or none, were chosen."""
    chosen = choice()
    fitting = {c.name for c in chosen.offered}
    wanted = [name for name in names if name in fitting]
    if wanted and set(wanted) != {c.name for c in chosen.checkpoints}:
        st.session_state[_ASKED_FOR] = wanted
        st.rerun()


def compare_also(name: str) -> None:
    """Chooses one more checkpoint for the next run of a page."""
    compare_next([*(c.name for c in choice().checkpoints if c.name != name), name])


def compare_next(names: Sequence[str]) -> None:
    """Chooses the checkpoints that pages compare, for the next run of a page."""
    st.session_state[_ASKED_FOR] = list(names)


def choice() -> Selection:
    """The sidebar's choice, which may be of no model."""
    chosen: Selection = st.session_state["selection"]
    return chosen


def offering() -> Selection:
    """The sidebar's choice, for pages about any one model; ends the page with one sentence where there is none."""
    chosen = choice()
    if not chosen.offered:
        dataset = label_of(chosen.dataset)
        st.info(f"There is no checkpoint trained on {dataset} yet: train one on the page **Train**.")
        end_page()
    return chosen


def selection() -> Selection:
    """The sidebar's choice; ends the page with one sentence when no model is chosen, or there is none."""
    chosen = offering()
    if not chosen.checkpoints:
        dataset = label_of(chosen.dataset)
        st.info(f"No checkpoint trained on {dataset} is chosen: choose one in the sidebar.")
        end_page()
    return chosen


def choose_checkpoint(checkpoints: list[Checkpoint], key: str, title: str = "Checkpoint") -> Checkpoint:
    """A select box over checkpoints, remembered between pages, and in the link by name; says if the last one has gone.

    Names begin with their group where there are several: a box is narrow, and shows the beginning alone.

    Args:
        checkpoints: one or more; the first is chosen at first.
        key: of the box, and of its value in the link.
        title: of the box.
    """
    by_name = {c.name: c for c in checkpoints}
    usual, is_grouped = checkpoints[0].name, len(set(map(group, checkpoints))) > 1
    # Always said, since a box that was away for a run, or for part of one, comes back with its first choice.
    before = st.session_state.get(key)
    st.session_state[key] = last_checkpoint(checkpoints, key).name
    name = st.selectbox(
        title,
        list(by_name),
        format_func=lambda name: f"{f'{group(by_name[name])}: ' if is_grouped else ''}{label(by_name[name])}",
        key=key,
        persist_state="session",
        help=meaning("D", "K"),
    )
    here = {c.name for c in loaders.checkpoints()} | {broken.name for broken in loaders.broken_checkpoints()}
    tell_gone(key, before, name, here)
    put_words_in_link(key, [] if name == usual else [name])
    return by_name[name]


def last_checkpoint(checkpoints: list[Checkpoint], key: str) -> Checkpoint:
    """What `choose_checkpoint` with these arguments returned last, or would at first, without its box."""
    by_name = {c.name: c for c in checkpoints}
    name = st.session_state.get(key)
    return by_name[name if name in by_name else next(iter(words_in_link(key, by_name)), checkpoints[0].name)]
