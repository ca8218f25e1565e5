"""Malicious links: every parameter of every page may have any value, and the page opens."""

import ast
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from tests.app_helpers import MAIN, PAGES, Make
from tests.fuzz_helpers import TEXT, fuzz
from ui import links
from ui.parameters import OF_EVERY_PAGE, PARAMETERS, parameters_of

ROOT = Path(__file__).resolve().parents[2]

# Those that every field of a run has are too many to try each.
TRIED = PARAMETERS | {
    "train": (
        *PARAMETERS["train"],
        *("train-prior-means-dlgmm", "train-prior-scales-dlgmm", "train-prior-components-dlgmm"),
        *("train-concentration-dlgmm", "train-code-dim", "train-hidden", "train-depth", "train-body"),
        *("train-bound", "train-num-samples", "train-learning-rate", "train-schedule", "train-max-epochs"),
        *("train-binarization", "train-data-bias", "train-precision", "train-batch-size", "train-patience"),
        *("train-encoder-activation", "train-seed", "train-decoded", "train-layers", "train-skip"),
        *("train-components-below", "train-code-dims-below", "train-hidden-below"),
    )
}
VALUES = (
    *(
        "",
        "\x00",
        "\n\r\x1b[31m\u202e",
        "<script>alert(1)</script>",
        "../../../../etc/passwd",
        "![x](//evil.example/x)",
    ),
    *(
        "nan",
        "-inf",
        "1e999",
        "-1",
        "1.5",
        "0x10",
        "9" * 5000,
        "[[[[",
        '{"a": 1}',
        "one",
        "one,one",
        "1,2,3",
        "é" * 3000,
    ),
)


# --- what reads them ------------------------------------------------------------------------------


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The address's query, as the page sees it."""
    query: dict[str, str] = {}
    monkeypatch.setattr("ui.links.st", SimpleNamespace(query_params=query))
    return query


WORDS = TEXT | st.floats().map(str) | st.integers().map(str) | st.from_regex(r"[-+]?[0-9_.eE]{1,9}", fullmatch=True)


@fuzz(80)
@given(words=st.lists(WORDS, max_size=4) | st.just(["1"]), count=st.integers(1, 4))
def test_any_text_is_the_numbers_it_spells_within_bounds_or_nothing(
    words: list[str], count: int, address: dict[str, str]
) -> None:
    address["x"] = text = ",".join(words)
    found = links.numbers_in_link("x", count, -4.0, 4.0)
    if found is not None:
        assert len(found) == count and all(math.isfinite(v) and -4 <= v <= 4 for v in found)
        assert found == tuple(float(word) for word in text.split(","))
        assert text.isascii() and text.isprintable() and not set(text) & set(" _<>&'\"")


@fuzz(120)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_any_numbers_come_back_from_the_link(values: list[float], address: dict[str, str]) -> None:
    links.put_in_link("x", values)
    found = links.numbers_in_link("x", len(values), -1e6, 1e6)
    assert found is not None
    np.testing.assert_allclose(found, values, rtol=1e-14)


@fuzz(120)
@given(text=st.text(max_size=300) | st.text("ABCDwxyz0189-_=+/", min_size=130, max_size=140) | TEXT)
def test_any_text_is_a_binary_image_or_nothing(text: str, address: dict[str, str]) -> None:
    address[links.DIGIT] = text
    image = links.image_in_link()
    assert image is None or (image.shape == (784,) and set(np.unique(image)) <= {0, 1})


@fuzz(80)
@given(pixels=st.binary(min_size=98, max_size=98))
def test_any_binary_image_comes_back_from_the_link(pixels: bytes, address: dict[str, str]) -> None:
    image = np.unpackbits(np.frombuffer(pixels, np.uint8))
    links.put_image_in_link(image)
    found = links.image_in_link()
    assert found is not None
    np.testing.assert_array_equal(found, image)


@fuzz(80)
@given(text=st.text(max_size=100) | st.lists(st.sampled_from(["one", "two", "One", ""]) | TEXT).map(",".join))
def test_any_text_is_known_words_each_once(text: str, address: dict[str, str]) -> None:
    address["x"] = text
    found = links.words_in_link("x", {"one": 1, "two": 2})
    assert set(found) <= {"one", "two"} and len(found) == len(set(found))


# --- the pages ------------------------------------------------------------------------------------


def _constants(tree: ast.AST) -> dict[str, str]:
    """The texts that a module gives names to."""
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    return {target.id: str(n.value.value) for n in named for target in n.targets if isinstance(target, ast.Name)}


def _parameters(source: str) -> set[str]:
    """The parameters that a source reads or binds, as far as it names them outright."""
    tree = ast.parse(source)
    constants, found = _constants(tree), []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        keywords = {k.arg: k.value for k in call.keywords}
        if isinstance(bind := keywords.get("bind"), ast.Constant) and bind.value == "query-params":
            found.append(keywords["key"])
        elif ast.unparse(call.func).endswith(("_in_link", "query_params.get", "choose_checkpoint", "kept")):
            found += call.args[:2] if ast.unparse(call.func) == "choose_checkpoint" else call.args[:1]
    texts = [constants.get(n.id, "") if isinstance(n, ast.Name) else getattr(n, "value", "") for n in found]
    kept = "train-" if "ui.training.fields" in source else ""
    return {kept + text for text in texts if isinstance(text, str) and text}


def test_every_parameter_that_the_program_names_is_among_those_tried() -> None:
    tried = {name for names in TRIED.values() for name in names} | set(OF_EVERY_PAGE)
    sources = [*(ROOT / "pages").glob("*.py"), *(ROOT / "ui").rglob("*.py")]
    named = set[str]().union(*(_parameters(path.read_text(encoding="utf-8")) for path in sources))
    assert len(named) > 15 and named <= tried
    assert all(set(names) <= set(parameters_of(page)) for page, names in TRIED.items())


def shown(at: AppTest) -> str:
    """The words of a page, but for what a visitor's own fields hold, and what quotes them, as text."""
    words = [*at.markdown, *at.caption, *at.error, *at.info, *at.warning, *at.title, *at.header, *at.subheader]
    return re.sub("not “[^”<]*”", "", "\n".join(str(each.value) for each in words))


@pytest.mark.usefixtures("few_digits", "manager", "alice")
@pytest.mark.parametrize("round_", range(4))
@pytest.mark.parametrize("page", TRIED)
def test_a_page_opens_whole_whatever_its_link_says(page: str, round_: int, make: Make) -> None:
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)}
    make("one", "dlgmm", layers=2, **sizes)
    make("two")
    at = AppTest.from_file(MAIN, default_timeout=60)
    for place, name in enumerate((*OF_EVERY_PAGE, *TRIED[page])):
        at.query_params[name] = VALUES[(5 * round_ + 3 * place) % len(VALUES)]
    if round_:
        at.query_params["train-preset"] = "Everything by hand"
    at.switch_page(f"../pages/{page}.py").run()
    assert not at.exception and not at.error
    assert [title.value for title in at.title] == [PAGES.get(page, "Kumaraswamy bench")]
    assert [v[:30] for v in VALUES if len(v) > 5 and v != "one,one" and v in shown(at)] == []
