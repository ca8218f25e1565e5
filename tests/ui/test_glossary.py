"""The glossary: each term once, with an equation and a place where it is seen; tooltips have its words."""

from dataclasses import fields
from pathlib import Path

import pytest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset
from tests.app_helpers import MAIN, open_page
from tests.ui.test_hostile_links import PARAMETERS
from ui.glossary.terms import GROUPS, meaning
from ui.training.fields import titled

TERMS = [term for terms in GROUPS.values() for term in terms]
PAGES = Path(MAIN).parent.parent / "pages"
EXPLAINED = {
    "overview": ["binarization"],
    "components": ["amortised"],
    "clusters": ["log odds"],
    "latent": ["perplexity"],
    "likelihood": ["binarization", "recipe"],
    "train": ["recipe"],
}


def test_every_term_is_defined_once_and_leads_to_a_page() -> None:
    symbols = [term.symbol for term in TERMS]
    assert len(set(symbols)) == len(symbols)
    assert {"π", "α", "a, b", "v", "KL", "ELBO", "S", "D", "K", "p(k|x)", "ACC", "NMI", "kNN error"} <= set(symbols)
    assert {word for words in EXPLAINED.values() for word in words} <= set(symbols)
    for term in TERMS:
        assert term.definition.endswith(".") and "\n" not in term.definition and term.equation and term.place
        assert (PAGES / f"{term.page}.py").exists()
        assert set(term.query) <= set(PARAMETERS[term.page])


def test_no_subscript_is_a_raw_underscore() -> None:
    words = [text for term in TERMS for text in (term.symbol, term.name, term.definition, term.place)]
    words += [titled(kind, field.name)[1] for kind in (ModelConfig, TrainConfig) for field in fields(kind)]
    assert [text for text in words if "_" in text] == []


@pytest.mark.parametrize(("page", "words"), EXPLAINED.items(), ids=list(EXPLAINED))
def test_tooltips_explain_the_words_of_their_page(
    page: str, words: list[str], repository: Path, few_digits: Dataset
) -> None:
    protos = [node.proto for node in open_page(page)._tree if hasattr(node, "proto")]
    told = "\n".join(str(getattr(proto, part, "")) for proto in protos for part in ("help", "columns", "body"))
    assert [term.symbol for term in TERMS if term.symbol in words and term.definition not in told] == []


def test_the_page_has_every_equation_and_tooltips_have_its_words(repository: Path) -> None:
    at = open_page("glossary")
    assert [each.value.strip("$\n") for each in at.latex] == [term.equation for term in TERMS]
    shown = "\n".join(each.value for each in at.markdown)
    assert all(term.definition in shown for term in TERMS)
    assert meaning("K", "prior").splitlines()[0].startswith("**K**, number of components: ")
    assert meaning("prior").startswith("**prior**: ")
    with pytest.raises(KeyError):
        meaning("ω")
