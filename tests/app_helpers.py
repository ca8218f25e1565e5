"""What tests of the app's pages share: how a page is opened, what is read off it, and a manager that starts nothing."""

import functools
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner
from streamlit.testing.v1.element_tree import ButtonGroup, Multiselect

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import WEIGHTS, Checkpoint, read_checkpoint
from ui.jobs.manager import Job
from ui.visitors.ownership import NOTE

# Packages are searched for widgets once, and not by each of a thousand pages: that takes longer than most pages.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
# Scripts are compiled once, too, and whoever waits for one sleeps instead of asking a thousand times a second.
app_test.ScriptCache = local_script_runner.ScriptCache = functools.cache(ScriptCache)  # type: ignore[misc,assignment]
_require_end = local_script_runner.require_widgets_deltas


def _await_end(runner: local_script_runner.LocalScriptRunner, timeout: float) -> None:
    assert runner._script_thread is not None
    runner._script_thread.join(timeout)
    _require_end(runner, 0.1)  # which has come, or it says that there was none


local_script_runner.require_widgets_deltas = _await_end

MAIN = Path(__file__).resolve().parent.parent / "ui" / "main.py"
PAGES = {
    "overview": "Deep latent Gaussian mixtures",
    "components": "Components",
    "clusters": "Clusters",
    "digit": "Your digit",
    "latent": "Latent space",
    "plane": "Plane",
    "knn": "kNN",
    "likelihood": "Likelihood",
    "train": "Train",
    "glossary": "Glossary",
}

ALICE = hashlib.sha256(b"alice").hexdigest()  # as files and jobs know the visitor with that cookie

Make = Callable[..., Checkpoint]


def make_mixture(make: Make, name: str, means: tuple[float, ...], scales: tuple[float, ...]) -> Checkpoint:
    return make(name, "dlgmm", num_components=len(means), prior_means=means, prior_scales=scales)


def unopened() -> AppTest:
    """The app before its first run."""
    return AppTest.from_file(MAIN, default_timeout=60)


def start() -> AppTest:
    return unopened().run()


def turn_to(at: AppTest, page: str) -> AppTest:
    at.switch_page(f"../pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def open_page(page: str, **query: str) -> AppTest:
    """As a link does: the page is the first that runs."""
    at = unopened()
    at.query_params.update({name.replace("_", "-"): value for name, value in query.items()})
    return turn_to(at, page)


def press(at: AppTest, label: str) -> AppTest:
    (button,) = (b for b in at.button if b.label == label)
    return button.click().run()


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def begun(own_checkpoints: Path, name: str, owner: str = ALICE) -> Path:
    """The folder of a run that somebody has begun."""
    folder = own_checkpoints / name
    folder.mkdir(exist_ok=True)
    (folder / NOTE).write_text(
        json.dumps({"owner": owner, "arguments": ["gauss-vae", "--name", name]}), encoding="utf-8"
    )
    return folder


def selected(at: AppTest) -> Multiselect:
    """The sidebar's box of checkpoints that pages compare."""
    (box,) = (each for each in at.sidebar.multiselect if re.fullmatch(r"checkpoints-.*-\d+", each.key or ""))
    return box


def groups(at: AppTest) -> ButtonGroup[str]:
    """The sidebar's pills of groups of checkpoints."""
    (pills,) = (each for each in at.sidebar.get("button_group") if each.label == "Models")  # type: ignore[attr-defined]
    return pills  # type: ignore[return-value]


def pictures(at: AppTest) -> list[str]:
    """One address a picture, made of its content."""
    return [url for image in at.get("image") for url in image.value]  # type: ignore[union-attr]


def steps_shown(at: AppTest) -> list[str]:
    """The pictures from what was drawn or photographed to what the model sees, as data URLs."""
    rows = [block.proto.body for block in at.get("html") if 'class="steps"' in block.proto.body]  # type: ignore[union-attr]
    return re.findall('src="([^"]+)"', "".join(rows))


def shown(markdown: str) -> str:
    """A text of a page as its reader sees it, where nothing is marked up: without what `ui.literal` puts into it."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


def one_error(at: AppTest) -> str:
    assert not at.exception
    assert len(at.error) == 1
    text = shown(at.error[0].value)
    assert "\n" not in text and text.endswith((".", "”"))
    return text


def first_mixture(folder: Path) -> Checkpoint:
    """The plain mixture of most different components, of MNIST."""
    found = [read_checkpoint(path.parent) for path in sorted(folder.glob(f"*/{WEIGHTS}"))]
    plain = [c for c in found if c.model_config.contexts is None and c.train_config.dataset == "mnist"]
    mixtures = [c for c in plain if MODELS[c.model_config.model].has_components]
    return max(mixtures, key=lambda c: len(set(c.model_config.prior_means)))


class Manager:
    """Stands in for the manager of jobs: remembers what it was asked, and runs programs of the test's."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, list[str]]] = []
        self.jobs: dict[str, Job] = {}

    def start(self, name: str, verb: str, arguments: list[str], owner: str = "", key: str = "") -> Job:
        self.started.append((name, verb, arguments))
        running = self.jobs.get(key or name)
        return running if running is not None and running.running else self.run(name, verb, "pass", owner, key)

    def run(self, name: str, verb: str, program: str, owner: str = "", key: str = "") -> Job:
        job = self.jobs[key or name] = Job(name, verb, subprocess.Popen([sys.executable, "-c", program]), owner)
        return job

    def ended(self, name: str, verb: str, program: str) -> None:
        self.run(name, verb, program).process.wait()

    def get(self, key: str) -> Job | None:
        return self.jobs.get(key)

    def forget(self, name: str) -> None:
        self.jobs.pop(name, None)

    def all(self) -> list[Job]:
        return list(self.jobs.values())
