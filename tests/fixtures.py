"""What several test files share.

One thread, one seed; tiny models whose log p(x) can be integrated; an empty cache of published files;
and the app on checkpoints that tests may change.
"""

import functools
import gc
import os
import shutil
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data import sources
from dlgmm_core.data.datasets import DATASETS, Dataset
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.runtime.folders import cache_folder
from dlgmm_core.store.checkpoints import Checkpoint, read_checkpoint, save_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.per_image import PerImage, load_per_image

if TYPE_CHECKING:
    from tests.app_helpers import Manager

pytest_plugins = ["tests.browser_fixtures", "tests.export_helpers", "tests.training_helpers"]
pytest.register_assert_rewrite("tests.app_helpers", "tests.source_helpers")

torch.set_num_threads(1)
sys.dont_write_bytecode = False  # in this process, too

# Read once a process: a hundred tests ask for it, and each would wait a quarter of a second.
DATASETS["mnist"] = replace(DATASETS["mnist"], load=functools.cache(DATASETS["mnist"].load))

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"

# One of each kind, one whose prior is learnt, and the mixture of a single component, whose stick tensors are empty.
CONTRACT = {
    "gauss-vae": ModelConfig("gauss-vae", 2, hidden=8, image_shape=(2, 2)),
    "sb-vae": ModelConfig("sb-vae", 3, concentration=5.0, hidden=8, image_shape=(2, 2)),
    "dlgmm": ModelConfig("dlgmm", 2, 3, (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2), hidden=8, image_shape=(2, 2)),
    "dlgmm-learned": ModelConfig(
        "dlgmm", 2, 2, (-0.5, 0.5), (1.0, 0.8), hidden=8, image_shape=(2, 2), prior_components="diagonal"
    ),
    "dlgmm-full": ModelConfig(
        "dlgmm", 2, 2, (-0.5, 0.5), (1.0, 0.8), hidden=8, image_shape=(2, 2), prior_components="full"
    ),
    "dlgmm-one": ModelConfig("dlgmm", 2, hidden=8, image_shape=(2, 2)),
    "dldpmm": ModelConfig("dldpmm", 2, 4, (0.0,) * 4, (1.0,) * 4, concentration=2.0, hidden=8, image_shape=(2, 2)),
}


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: the collector of garbage need not go through them again and again."""
    gc.enable()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a CI machine, which may be busy, a slow browser or page gets a second try; the report says so."""
    if os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser") or item.path.parent.name == "ui":
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def said_encodings() -> None:
    """Opening a text file in the platform's encoding is an error in this project's modules."""
    ours = r"(dlgmm_core|ui|pages|benchmarks|tests|test_\w+|app)(\.|$)"
    warnings.filterwarnings("error", category=EncodingWarning, module=ours)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test draws the same numbers whatever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that a test opens stays `__main__` afterwards; processes begun by `spawn` would run it first."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Limits are read again after every test, with nothing used up."""
    yield
    if "ui.visitors.limits" in sys.modules:  # tests of the core load no app
        sys.modules["ui.visitors.limits"].shared.cache_clear()


@pytest.fixture(params=list(CONTRACT.values()), ids=list(CONTRACT))
def config(request: pytest.FixtureRequest) -> ModelConfig:
    """Each contract configuration in turn."""
    result: ModelConfig = request.param
    return result


@pytest.fixture
def toy() -> Callable[..., LatentVariableModel]:
    """A float64 model with weights away from their initial, nearly uninformative, values.

    The decoder moves more than the encoder: a posterior much narrower than the exact one would give
    importance weights of infinite variance, and Monte Carlo no error bars.
    """

    def build(config: ModelConfig) -> LatentVariableModel:
        model = build_model(config).double()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.add_(
                    (0.6 if name.startswith(("decoder", "layers.0.prior")) else 0.2) * torch.randn_like(parameter)
                )
        return model

    return build


@pytest.fixture
def four_bit_images() -> Tensor:
    """(16, 4), all the images there are of four pixels."""
    return torch.tensor([[(i >> j) & 1 for j in range(4)] for i in range(16)], dtype=torch.float64)


# --- published files -----------------------------------------------------------------------------


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache and data folder of the test's own, no DLGMM_DATA, and a closed port for every publisher."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("DLGMM_DATA", raising=False)
    monkeypatch.setenv("DLGMM_DOWNLOAD", "")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, file in sources.FILES.items():
        monkeypatch.setitem(sources.FILES, name, replace(file, url=f"http://127.0.0.1:{port}/{name}"))
    return cache_folder()


@pytest.fixture
def given(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that DLGMM_DATA names."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("DLGMM_DATA", str(folder))
    return folder


# --- the app, on checkpoints of the test's own ---------------------------------------------------


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's checkpoints, copied, so that no test can write into them."""
    folder = tmp_path_factory.mktemp("app") / "checkpoints"
    shutil.copytree(CHECKPOINTS, folder, ignore=shutil.ignore_patterns("training.safetensors", "*.log", ".*"))
    return folder


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in ("loaders", "jobs.manager", "training.runs"):  # by name, so that tests of the core load no app
        monkeypatch.setattr(f"ui.{module}.CHECKPOINTS", folder)
    return folder


@pytest.fixture
def repository(copied: Path, alice: None, quick_pages: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the app finds, and who visits it, unless a test says otherwise."""
    return use(copied, monkeypatch)


@pytest.fixture
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages divide the plane into an eighth of the cells, and time no step of training."""
    monkeypatch.setattr(PlaneGrid, "of", functools.partial(PlaneGrid.of, size=56))
    monkeypatch.setattr("ui.training.expected.seconds_per_epoch", lambda model, train, images, valid: 12.0)


@pytest.fixture
def own_checkpoints(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    return use(folder, monkeypatch)


def emptied(*forget: Callable[[], object]) -> Iterator[None]:
    """Caches that know nothing from before, and remember nothing afterwards; each is emptied by a call."""
    for empty in forget:
        empty()
    yield
    for empty in forget:
        empty()


@pytest.fixture
def fresh_data() -> Iterator[None]:
    """The app's caches know neither the toy data before, nor remember it afterwards."""
    from ui import loaders
    from ui.latent import map_files

    yield from emptied(loaders._dataset.clear, map_files._packed.cache_clear)


@pytest.fixture
def make(own_checkpoints: Path) -> Callable[..., Checkpoint]:
    """Makes a tiny untrained checkpoint in the test's folder."""

    def make(name: str, model: str = "gauss-vae", **changes: object) -> Checkpoint:
        config = replace(ModelConfig(model, 3, hidden=4), **changes)  # type: ignore[arg-type]
        save_checkpoint(own_checkpoints / name, build_model(config).state_dict(), config, TrainConfig(), 3, -123.4)
        return read_checkpoint(own_checkpoints / name)

    return make


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visitor's cookie says so."""
    from streamlit.runtime.context import ContextProxy

    from ui.visitors.visitor import COOKIE

    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "alice"})


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator["Manager"]:
    """In place of the manager of jobs."""
    from tests.app_helpers import Manager  # here, for the same reason

    manager = Manager()
    for module in ("jobs.measuring", "latent.remap", "training.runs", "training.ended_runs", "training.teacher"):
        monkeypatch.setattr(f"ui.{module}.job_manager", lambda: manager)
    yield manager
    for job in manager.all():
        job.process.kill()
        job.process.wait()


@pytest.fixture
def mapped(make: Callable[..., Checkpoint]) -> list[Checkpoint]:
    """A checkpoint with a map for each model."""
    from tests.latent_helpers import map_of  # here, for the same reason

    mixture = {"num_components": 3, "prior_means": (-1.0, 0.0, 1.0), "prior_scales": (1.0,) * 3}
    made = [make("a", "dlgmm", **mixture), make("b"), make("c", "sb-vae"), make("d", "dldpmm", **mixture)]
    return [map_of(checkpoint) for checkpoint in made]


@pytest.fixture
def forgotten() -> Iterator[None]:
    """No answer of another test of the lesson, and no outcome of its data, is remembered."""
    import streamlit as st  # here, for the same reason

    from ui.lesson import card

    yield from emptied(st.cache_data.clear, card._answers_of.clear)


@pytest.fixture
def few_digits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dataset]:
    """MNIST with 3,000 images to search and 300 to classify."""
    from ui import estimates, findings, loaders  # here, for the same reason
    from ui.clusters import live as rows  # here, for the same reason
    from ui.clusters import probabilities  # here, for the same reason
    from ui.latent import map_files  # here, for the same reason
    from ui.plane import live as plane  # here, for the same reason

    whole = loaders.dataset("mnist")
    few = replace(whole, train=whole.train[:3000], test=whole.test[:300])
    monkeypatch.setattr(loaders, "dataset", lambda name: few)

    def few_estimates(checkpoint: Checkpoint, count: int) -> PerImage | None:
        with suppress(CheckpointError):
            return load_per_image(checkpoint, count)
        found = load_per_image(checkpoint, len(whole.test))  # of a shipped checkpoint
        if found is None:
            return None
        p = None if found.responsibilities is None else found.responsibilities[:count]
        return replace(found, log_likelihood=found.log_likelihood[:count], responsibilities=p)

    monkeypatch.setattr(findings, "load_per_image", few_estimates)
    forget = (
        loaders.codes.clear,
        loaders.neighbour_indices.clear,
        map_files._packed.cache_clear,
        map_files._weights_of.cache_clear,
        findings._per_image.clear,
        probabilities._log_odds.clear,
        probabilities._weights.clear,
        probabilities._clusters.clear,
        probabilities._scores.clear,
        rows._rows.clear,
        plane._drawn.clear,
        estimates._step.clear,
        estimates._estimated.clear,
    )
    for _ in emptied(*forget):
        yield few
