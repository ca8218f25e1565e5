"""Decoders for the browser: files that are the decoder, answers that are its probabilities, both of what exists."""

import http.client
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from starlette.applications import Starlette

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.model.bodies import BODIES
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint, read_checkpoint
from tests.app_helpers import Make
from tests.asgi_helpers import asked
from tests.components_helpers import open_components
from tests.export_helpers import take
from tests.other_models import LAYERED
from ui.components.live import SAMPLES
from ui.serving.decoders import DECODER_ROUTES, MOST_CODES, decoder_address, decoder_bytes
from ui.visitors.limits import shared
from ui.visitors.visitor import COOKIE, digest

KINDS = ("mnist-dlgmm", "mnist-dldpmm", "mnist-gauss-vae", "mnist-sb-vae")


def ask(server: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content of a path, sent as it is written here."""
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def probabilities(content: bytes, checkpoint: Checkpoint, codes: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, pixels), decoded by hand from a file whose layout the address tells."""
    sizes = decoder_address(checkpoint)
    code, hidden, pixels = sizes["code"], sizes["hidden"], sizes["pixels"]
    ends = np.cumsum([hidden * code, hidden, pixels * hidden, pixels])
    w1, b1, w2, b2, rest = np.split(np.frombuffer(content, "<f4").astype(np.float64), ends)
    assert len(rest) == 0
    features = np.maximum(codes @ w1.reshape(hidden, code).T + b1, 0)
    return 1 / (1 + np.exp(-(features @ w2.reshape(pixels, hidden).T + b2)))


@pytest.mark.parametrize("name", KINDS)
def test_a_decoder_file_decodes_what_the_model_decodes(name: str, copied: Path) -> None:
    model, checkpoint = load_checkpoint(copied / name)
    codes = model.prior().sample(torch.Size([50]))[:, 0]
    expected = model.likelihood(codes).probs.numpy()
    assert expected.std(0).max() > 0.1
    found = probabilities(decoder_bytes(checkpoint), checkpoint, codes.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_the_server_hands_out_a_decoder_to_be_kept_for_ever(name: str, server: str, tree: Path) -> None:
    checkpoint = read_checkpoint(tree / "checkpoints" / name)
    status, headers, content = ask(server, f"/{decoder_address(checkpoint)['path']}")
    assert status == 200
    assert content == decoder_bytes(checkpoint)
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert int(headers["content-length"]) == len(content)


def test_other_weights_have_another_address(tree: Path) -> None:
    paths = [decoder_address(read_checkpoint(tree / "checkpoints" / name))["path"] for name in KINDS]
    digests = {path.rpartition("/")[2] for path in paths}
    assert len(digests) == len(KINDS)


@pytest.mark.parametrize(
    "path",
    [
        "nobody/{digest}",
        "mnist-dlgmm/000000000000",
        "mnist-dlgmm/{digest}0",
        "MNIST-DLGMM/{digest}",
        "mnist-sb-vae/{digest}",
        "*/{digest}",
        "mnist-dlgmm/*",
    ],
)
def test_what_is_no_checkpoint_is_not_found(path: str, server: str, tree: Path) -> None:
    digest = read_checkpoint(tree / "checkpoints" / "mnist-dlgmm").digest
    assert ask(server, f"/decoder/mnist-dlgmm/{digest}")[0] == 200
    status, headers, content = ask(server, f"/decoder/{path}".format(digest=digest))
    assert status == 404 and len(content) < 100
    assert "immutable" not in headers.get("cache-control", "")


@pytest.mark.parametrize(
    "path",
    [
        "../mnist-dlgmm/{digest}",
        "mnist-dlgmm/../mnist-dlgmm/{digest}",
        "../checkpoints/mnist-dlgmm/weights.safetensors",
        "..%2Fcheckpoints%2Fmnist-dlgmm/{digest}",
        "%2e%2e/{digest}",
        "..%2F..%2F..%2F..%2Fetc/passwd",
        "mnist-dlgmm%00/{digest}",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(path: str, server: str, tree: Path) -> None:
    digest = read_checkpoint(tree / "checkpoints" / "mnist-dlgmm").digest
    status, _, content = ask(server, f"/decoder/{path}".format(digest=digest))
    assert status in (400, 404)  # Streamlit itself turns most of them away, as bad requests
    assert len(content) < 100


def test_a_checkpoint_that_comes_later_is_found_though_it_was_missed_before(server: str, tree: Path) -> None:
    digest = read_checkpoint(tree / "checkpoints" / "mnist-gauss-vae").digest
    assert ask(server, f"/decoder/late/{digest}")[0] == 404
    late = tree / "checkpoints" / "late"
    shutil.copytree(tree / "checkpoints" / "mnist-gauss-vae", late)
    try:
        assert ask(server, f"/decoder/late/{digest}")[0] == 200
    finally:
        shutil.rmtree(late)  # other tests share the server


# --- decoding on the server -----------------------------------------------------------------------

DEEP: dict[str, dict[str, object]] = {"conv": {"body": "conv", "image_shape": (20, 24)}, "deep": {"depth": 3}}


def post(path: str, body: bytes, cookie: str = "alice") -> tuple[int, bytes]:
    """Status and content of the answer to a request to decode."""
    headers = {"cookie": f"{COOKIE}={cookie}"}
    found = asked(Starlette(routes=DECODER_ROUTES), path, headers, method="POST", body=body)
    return found.status, found.body


def path_of(checkpoint: Checkpoint) -> str:
    return f"/decode/{checkpoint.name}/{checkpoint.digest}"


@pytest.mark.parametrize("kind", DEEP)
def test_what_no_file_can_hold_is_decoded_on_the_server(kind: str, make: Make) -> None:
    checkpoint = make(kind, **DEEP[kind])
    address = decoder_address(checkpoint)
    assert f"/{address['path']}" == path_of(checkpoint) and address["hidden"] is None
    assert (address["height"], address["width"]) == checkpoint.model_config.image_shape
    model, _ = load_checkpoint(checkpoint.folder)
    codes = model.prior().sample(torch.Size([MOST_CODES]))[:, 0]
    status, content = post(path_of(checkpoint), codes.numpy().astype("<f4").tobytes())
    assert status == 200
    found = np.frombuffer(content, "<f4").reshape(MOST_CODES, -1)
    np.testing.assert_allclose(found, model.likelihood(codes).probs.numpy(), atol=1e-6)


@pytest.mark.parametrize("in_browser", [True, False])
def test_a_decoder_of_ones_own_is_a_file_if_its_row_says_so(
    in_browser: bool, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BODIES, "own", replace(BODIES["dense"], in_browser=in_browser))
    checkpoint = make("own", body="own")
    address = decoder_address(checkpoint)
    assert (address["hidden"] is not None) == in_browser == address["path"].startswith("decoder/")
    if in_browser:
        model, _ = load_checkpoint(checkpoint.folder)
        codes = model.prior().sample(torch.Size([5]))[:, 0]
        found = probabilities(decoder_bytes(checkpoint), checkpoint, codes.numpy())
        np.testing.assert_allclose(found, model.likelihood(codes).probs.numpy(), atol=1e-5)


def test_of_layers_that_no_browser_knows_the_server_decodes_codes_of_the_first(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "linear", LAYERED)
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)}
    checkpoint = make("tree", "linear", layers=2, components_below=(3,), code_dims_below=(2,), **sizes)
    address = decoder_address(checkpoint)
    assert (address["path"], address["hidden"], address["below"]) == (path_of(checkpoint)[1:], None, None)
    model, _ = load_checkpoint(checkpoint.folder)
    codes = model.prior().sample(torch.Size([5]))[:, 0]
    status, content = post(path_of(checkpoint), codes.numpy().astype("<f4").tobytes())
    assert status == 200
    np.testing.assert_allclose(np.frombuffer(content, "<f4").reshape(5, -1), model.likelihood(codes).probs.numpy())
    widget = open_components(branch="1")
    assert widget.data["decoder"] == address and widget.data["below"] is None
    assert any("which the server computes" in caption.value for caption in widget.at.caption)
    exported = take(widget.at, "components", monkeypatch)
    rows = component_samples(model, (-1.0, 1.0), (1.0, 1.0), SAMPLES)
    np.testing.assert_allclose(exported.pixels(row="component 2"), rows[1], atol=1e-6)
    assert "below" not in exported.code


def test_requests_that_make_no_sense_are_refused(make: Make) -> None:
    checkpoint = make("deep", depth=3)
    code = np.zeros(checkpoint.model_config.code_dim, "<f4").tobytes()
    path = path_of(checkpoint)
    assert post(path, code)[0] == 200
    assert post(path, b"")[0] == post(path, code[:-1])[0] == post(path, code + code[:4])[0] == 400
    assert post(path, np.full(3, np.nan, "<f4").tobytes())[0] == 400
    assert post(path, code * (MOST_CODES + 1))[0] == 413
    assert post("/decode/nobody/" + checkpoint.digest, code)[0] == post("/decode/deep/000000000000", code)[0] == 404


def test_decoding_is_charged_like_all_computing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = make("deep", depth=3)
    code = np.zeros(checkpoint.model_config.code_dim, "<f4").tobytes()
    post(path_of(checkpoint), code)
    assert len(shared().seconds) == 1
    shared().seconds.spend(digest("alice"), 1000.0)
    status, content = post(path_of(checkpoint), code)
    assert status == 429 and b"share of computing" in content
    assert post(path_of(checkpoint), code, cookie="bob")[0] == 200
