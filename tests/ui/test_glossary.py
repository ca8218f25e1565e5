"""The glossary: each term once, with an equation and a place where it is seen; tooltips have its words."""

from pathlib import Path

import pytest

from tests.app_helpers import MAIN, open_page
from tests.ui.test_hostile_links import PARAMETERS
from ui.glossary.terms import GROUPS, meaning

TERMS = [term for terms in GROUPS.values() for term in terms]
PAGES = Path(MAIN).parent.parent / "pages"


def test_every_term_is_defined_once_and_leads_to_a_page() -> None:
    symbols = [term.symbol for term in TERMS]
    assert len(set(symbols)) == len(symbols)
    assert {"π", "α", "a, b", "v", "KL", "ELBO", "S", "D", "K", "p(k|x)", "ACC", "NMI", "kNN error"} <= set(symbols)
    for term in TERMS:
        assert term.definition.endswith(".") and "\n" not in term.definition and term.equation and term.place
        assert (PAGES / f"{term.page}.py").exists()
        assert set(term.query) <= set(PARAMETERS[term.page])


def test_the_page_has_every_equation_and_tooltips_have_its_words(repository: Path) -> None:
    at = open_page("glossary")
    assert [each.value.strip("$\n") for each in at.latex] == [term.equation for term in TERMS]
    shown = "\n".join(each.value for each in at.markdown)
    assert all(term.definition in shown for term in TERMS)
    assert meaning("K", "prior").splitlines()[0].startswith("**K**, number of components: ")
    assert meaning("prior").startswith("**prior**: ")
    with pytest.raises(KeyError):
        meaning("ω")
