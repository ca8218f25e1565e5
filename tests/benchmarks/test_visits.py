"""What the benchmarks' visitors ask for in an address is what pages understand."""

from pathlib import Path
from urllib.parse import parse_qsl

from benchmarks.visits import all_models, shipped
from tests.app_helpers import open_page, selected


def test_a_page_takes_all_shipped_models_of_a_data_set_from_the_address(repository: Path) -> None:
    at = open_page("kumaraswamy", **dict(parse_qsl(all_models("mnist"))))
    assert [box.value for box in at.warning] == []
    of_it = {checkpoint.name for checkpoint in shipped() if checkpoint.train_config.dataset == "mnist"}
    assert set(selected(at).value) == of_it and len(of_it) > 1
