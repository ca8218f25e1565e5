"""Copy as Python: lines about priors and digits are run, and give the numbers that the page shows and exports."""

import base64
import json
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.kumaraswamy_series import fraction
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from tests.app_helpers import Make, make_mixture, open_page, start
from tests.export_helpers import Lines, by_name, same, spec, take, values
from ui.digit import convergence
from ui.links import put_image_in_link
from ui.overview.priors import POINTS

pytestmark = pytest.mark.usefixtures("repository", "few_digits")

IMAGE = 7


# --- the prior ------------------------------------------------------------------------------------


def test_a_card_of_the_overview(pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    at = start()
    card = take(at, "card-dlgmm", monkeypatch)
    found = lines(card, "samples=samples, components=components, z=z, density=density")
    drawn = _drawn(at, "prior-dlgmm")
    same(found["z"], np.linspace(-drawn["reach"], drawn["reach"], POINTS))
    same(found["density"], np.frombuffer(base64.b64decode(drawn["whole"]), "<f4"))
    same(found["samples"], card.pixels())
    assert (found["components"] + 1 == card.table["component"]).all()
    assert card.words["means"] == "-1.5, 0, 2" and card.words["digest"] == pair[0].digest
    card = take(at, "card-sb-vae", monkeypatch)
    found = lines(card, "samples=samples, pieces=pieces")
    same(found["pieces"], _drawn(at, "prior-sb-vae")["pieces"])
    same(found["samples"], card.pixels())


def _drawn(at: AppTest, key: str) -> dict[str, Any]:
    """What a widget of our own draws."""
    (chart,) = (each for each in at.main.get("bidi_component") if str(each.key) == key)
    found: dict[str, Any] = json.loads(chart.proto.json)
    return found


@pytest.mark.parametrize("view", ["1,0,0", "0,0,1", "0,1,0"])
def test_rows_of_components(view: str, pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_page("components", means="-1.5,0.25,3", scales="1,0.5,0.3", view=view, noise="5")
    exported = take(at, "components", monkeypatch)
    found = lines(exported, "rows=rows, ancestral=ancestral, drawn=drawn")
    rows = [exported.pixels(row=f"component {k}") for k in (1, 2, 3)]
    same(found["rows"], rows)
    same(found["ancestral"], exported.pixels(row="ancestral"))
    table = exported.table
    assert (found["drawn"] + 1 == table[table["row"] == "ancestral"]["component"]).all()
    core = component_samples(load_checkpoint(pair[0].folder)[0], (-1.5, 0.25, 3), (1, 0.5, 0.3), 16, 5)
    if view == "0,1,0":
        assert set(np.unique(rows)) <= {0, 1} and (found["rows"][0] == (core[0] > 0.5)).all()
    else:
        same(found["rows"][0], core[0])
        assert np.allclose(found["rows"], core, atol=1e-5) == (view == "1,0,0")
    assert exported.words["seed"] == "5" and exported.words["means"] == "-1.5, 0.25, 3"


def test_rows_of_a_learnt_prior(make: Make, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    make(
        "learnt",
        "dlgmm",
        num_components=2,
        prior_means=(-1.0, 1.0),
        prior_scales=(1.0, 1.0),
        prior_components="diagonal",
    )
    exported = take(open_page("components"), "components", monkeypatch)
    found = lines(exported, "rows=rows, means=means")
    same(found["rows"], [exported.pixels(row=f"component {k}") for k in (1, 2)])


def test_rows_of_two_layers_with_an_open_branch(make: Make, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 0.5)}
    made = make("layered", "dlgmm", layers=2, components_below=(3,), code_dims_below=(2,), **sizes)
    exported = take(open_page("components", branch="2", noise="4", view="0,0,0"), "components", monkeypatch)
    found = lines(exported, "rows=rows, leaves=leaves, ancestral=ancestral, codes=codes, picked=picked, below=below")
    same(found["rows"], [exported.pixels(row=f"component {k}") for k in (1, 2)])
    same(found["leaves"], [exported.pixels(row=f"component 2, below {j}") for j in (1, 2, 3)])
    same(found["ancestral"], exported.pixels(row="ancestral"))
    table, model = exported.table, load_checkpoint(made.folder)[0]
    assert (table["below"][:32] == found["picked"][:2].flatten() + 1).all()
    code = torch.from_numpy(found["codes"][0].astype(np.float32))
    with torch.no_grad():  # by hand
        p = model.prior_below(1, code)
        assert p.component_scales is not None
        chosen = torch.from_numpy(found["picked"][0]), torch.arange(16)
        lower = p.component_means[chosen] + p.component_scales[chosen] * torch.from_numpy(found["below"][0])
        same(found["rows"][0], model.decode(torch.cat([code, lower], -1)).probs.numpy())


def test_siblings(make: Make, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, means in (("a", (-1.0, 1.0)), ("b", (-2.0, 2.0)), ("c", (0.0, 0.0))):
        make_mixture(make, name, means, (1.0, 1.0))
    at = open_page("components", noise="3")
    at.selectbox(key="components-checkpoint").set_value("a").run()
    exported = take(at, "siblings", monkeypatch)
    found = lines(exported, by_name("samples"))
    assert list(found) == ["c", "b"]  # as on the page, in order of their means
    for name, samples in found.items():
        same(samples.reshape(-1, 784), exported.pixels(checkpoint=name))


# --- one digit ------------------------------------------------------------------------------------


def open_digit(checkpoint: Checkpoint, view: str = "Weights", **query: str) -> AppTest:
    at = open_page("digit", **query)
    at.selectbox(key="digit-checkpoint").set_value(checkpoint.name)
    if "digit" not in query:
        at.number_input(key="digit-index").set_value(IMAGE)
    if view != "Weights":
        at.segmented_control(key="digit-view").set_value(view)
    at.run()
    assert not at.exception, at.exception
    return at


def test_weights_and_reconstructions_of_a_digit(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_digit(pair[0])
    exported = take(at, "weights", monkeypatch)
    found = lines(
        exported,
        "mean=report.sticks.mean, low=report.sticks.low, high=report.sticks.high, posterior=report.component_posterior,"
        " error=report.component_posterior_error, exact=report.exact_weights,"
        f" log_p=report.log_p, elbo=report.elbo_terms['{pair[0].train_config.bound}'].elbo",
    )
    drawn = _drawn(at, "weights")
    same(found["mean"], drawn["mean"])
    same(found["posterior"], drawn["posterior"])
    columns = ("mean", "low", "high", "posterior", "error", "exact")
    same(np.stack([found[name] for name in columns], 1), exported.table.iloc[:, 1:])
    assert [m.value.split(" ")[0] for m in at.metric][:2] == [f"−{-found[name]:.1f}" for name in ("log_p", "elbo")]
    pictures = take(at, "reconstructions", monkeypatch)
    same(lines(pictures, "pictures=report.reconstructions")["pictures"], pictures.pixels())
    assert pictures.words["image"].startswith("test image 7 of MNIST")


def test_a_digit_that_came_with_a_link(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch, few_digits: Dataset
) -> None:
    drawn = np.flip(few_digits.test.binary[3].reshape(28, 28), 1).reshape(784)  # no test image is its mirror image
    link: dict[str, str] = {}
    with monkeypatch.context() as patch:
        patch.setattr("ui.links.st.query_params", link)
        put_image_in_link(drawn)
    exported = take(open_digit(pair[0], digit=link["digit"]), "weights", monkeypatch)
    found = lines(exported, "image=image, mean=report.sticks.mean")
    assert (found["image"] == drawn).all() and "load_dataset" not in exported.code
    same(found["mean"], exported.table["E[π|x]"])


def test_a_stick_at_its_mean_and_as_it_was_moved(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_digit(pair[1], "Stick")
    exported = take(at, "stick", monkeypatch)
    at_mean = lines(exported, "pieces=pieces, decoded=decoded")
    same(at_mean["pieces"], exported.table["π"])
    same(exported.table["π"], exported.table["E[π|x]"])
    (widget,) = (w for w in at.main.get("bidi_component") if w.proto.component_name.endswith("stick"))
    signature = json.loads(widget.proto.json)["signature"]
    at.session_state[str(widget.key)] = {"now": {"signature": signature, "fractions": [0.25, 0.5, 0.1]}}
    moved = take(at, "stick", monkeypatch)
    found = lines(moved, "pieces=pieces, decoded=decoded")
    same(found["pieces"], [0.25, 0.375, 0.0375, 0.3375])
    same(found["pieces"], moved.table["π"])
    assert moved.words["fractions"] != exported.words["fractions"]
    assert not np.allclose(found["decoded"], at_mean["decoded"], atol=1e-4)
    at.session_state[str(widget.key)] = {"now": {"signature": "of another digit", "fractions": [0.25, 0.5, 0.1]}}
    assert take(at, "stick", monkeypatch) == exported


def test_a_ledger(pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_digit(pair[0], "ELBO terms")
    exported = take(at, "elbo-terms", monkeypatch)
    ledgers = {bound: f"report.elbo_terms['{bound}']" for bound in BOUNDS}
    whole = ", ".join(f"{b}={ledger}.elbo, {b}_terms={ledger}.components" for b, ledger in ledgers.items())
    found = lines(exported, f"log_p=report.log_p, {whole}")
    table = exported.table.set_index(["bound", "term"])["value"]
    shown = "".join(block.proto.body for block in at.get("html"))
    for bound in BOUNDS:
        same(found[bound], table[bound, "ELBO"].item())
        same(found[f"{bound}_terms"], table[bound, "Gaussian term"])
        assert f"{found[bound]:.2f}".replace("-", "−") in shown
        parts = ["weighted log p(x|z)", "Gaussian term", "entropy", "sticks"]
        same(found[bound], sum(table[bound, part].sum() for part in parts))
    assert f"{found['log_p']:.2f}".replace("-", "−") in shown


def test_weights_and_terms_of_two_layers(make: Make, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make("layered", "dlgmm", layers=2, num_components=2, prior_means=(-1.0, 1.0), prior_scales=(1.0, 1.0))
    exported = take(open_digit(made), "weights-2", monkeypatch)
    found = lines(exported, "mean=report.weights_below[0].mean, low=report.weights_below[0].low")
    same(found["mean"], exported.table["E[π|x]"])
    same(found["low"], exported.table["5 % of π"])
    exported = take(open_digit(made, "ELBO terms"), "elbo-terms", monkeypatch)
    found = lines(exported, "taken=report.elbo_terms['mixture'].divergences")
    table = exported.table.set_index(["bound", "term"])["value"]
    same(found["taken"], [table["mixture", f"KL of layer {layer}"] for layer in (1, 2)])


def test_curves_of_the_convergence_plot(pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convergence, "LARGEST", 200)
    convergence._convergence.clear()
    at = open_digit(pair[0], "log p(x)")
    exported = take(at, "convergence", monkeypatch)
    numbers = by_name("curves", "value.log_p") + ", **{name + ' elbo': value for name, value in elbos.items()}"
    found = lines(exported, numbers)
    curves = {trace["name"]: values(trace["y"]) for trace in spec(at, "convergence-1")["data"] if "name" in trace}
    for checkpoint in pair:
        rows = exported.table[exported.table["checkpoint"] == checkpoint.name]
        same(found[checkpoint.name].mean(0), curves[checkpoint.name])
        same(found[checkpoint.name].ravel(), rows["log p(x)"])
        same(found[f"{checkpoint.name} elbo"], rows["ELBO"].iloc[0])
    convergence._convergence.clear()


def test_nearest_images_and_places_of_a_digit(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_digit(pair[0], "Neighbours")
    exported = take(at, "neighbours", monkeypatch)
    for name, found in lines(exported, by_name("nearest")).items():
        rows = exported.table[exported.table["checkpoint"] == name]
        assert found.tolist() == rows["training image"].tolist() and len(found) == 10
    exported = take(open_digit(pair[0], "Map"), "places", monkeypatch)
    for name, point in lines(exported, by_name("points")).items():
        rows = exported.table[exported.table["checkpoint"] == name]
        (digit,) = rows[rows["test image"].isna()].itertuples()
        same(point, (digit.x, digit.y))


# --- the Kumaraswamy bench ------------------------------------------------------------------------


def test_the_bench(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_page("kumaraswamy", bench_u="0.3")
    densities, series = (take(at, key, monkeypatch) for key in ("bench-densities", "bench-series"))
    found = lines(densities, "v=v, density=density, matched=matched, draw=draw")
    widget = next(each for each in at.main.get("bidi_component") if "bench-draw" in each.proto.id)
    sent = json.loads(widget.proto.json)
    for name, column in (("density", "Kumaraswamy"), ("matched", "Beta")):
        same(found[name], np.frombuffer(base64.b64decode(sent[name]), "<f4"))
        same(found[name], densities.table[column])
    same(found["v"], densities.table["v"])
    same(found["draw"], fraction(0.3, sent["a"], sent["b"]))
    assert densities.words["u"] == "0.3"
    found = lines(series, "cut=cut, exact=exact")
    same(found["cut"], values(spec(at, "bench-series")["data"][0]["y"]))
    same(found["cut"], series.table["series"])
    same(found["exact"], series.table["quadrature"].iloc[0])


def test_lines_stop_where_the_weights_are_others(
    pair: list[Checkpoint], make: Make, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = take(open_digit(pair[0]), "weights", monkeypatch)
    make_mixture(make, "bells", (-1.5, 0.0, 2.0), (1.0, 0.5, 1.0))
    with pytest.raises(AssertionError, match="do not run"):
        lines(exported, "")
