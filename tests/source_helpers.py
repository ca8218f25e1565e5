"""What tests of published files share: how a complaint about them has to read."""

from collections.abc import Callable

import pytest

from dlgmm_core.sources import DataError


def complaint(call: Callable[[], object]) -> str:
    """What a call says is wrong with the data: a single line that ends a sentence."""
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message
