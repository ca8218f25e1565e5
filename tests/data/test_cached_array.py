"""What is computed from published files is computed once, and again where the kept file cannot be trusted."""

from pathlib import Path

import numpy as np
import pytest

from dlgmm_core.data import sources

pytestmark = pytest.mark.usefixtures("cache")


class TestCachedArray:
    def test_an_array_is_computed_once(self, cache: Path) -> None:
        kept = np.arange(6, dtype=np.int64).reshape(2, 3)
        np.testing.assert_array_equal(sources.cached_array("x", lambda: kept), kept)
        again = sources.cached_array("x", lambda: np.zeros(1, np.int64))
        np.testing.assert_array_equal(again, kept)
        assert again.dtype == np.int64
        assert [path.name for path in cache.iterdir()] == ["x.npy"]

    def test_each_name_has_its_own_array(self) -> None:
        sources.cached_array("x", lambda: np.ones(1))
        assert sources.cached_array("y", lambda: np.zeros(1)).tolist() == [0]
        assert sources.cached_array("x", lambda: np.zeros(1)).tolist() == [1]

    def test_a_damaged_file_is_computed_again(self, cache: Path) -> None:
        kept = np.arange(100)
        sources.cached_array("x", lambda: kept)
        path = cache / "x.npy"
        whole = path.read_bytes()
        for content in (b"", b"nonsense", whole[:50], whole[:-1], whole.replace(b"(100,)", b"(9**9)")):
            path.write_bytes(content)
            np.testing.assert_array_equal(sources.cached_array("x", lambda: kept), kept)
            assert path.read_bytes() == whole

    def test_a_pickle_is_not_loaded(self, cache: Path) -> None:
        cache.mkdir(parents=True)
        np.save(cache / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
        assert sources.cached_array("x", lambda: np.ones(2)).tolist() == [1, 1]

    def test_a_cache_that_cannot_be_written_is_no_error(self, cache: Path) -> None:
        cache.parent.write_bytes(b"a file where the folder should be")
        assert sources.cached_array("x", lambda: np.ones(2)).tolist() == [1, 1]

    def test_a_computation_that_fails_leaves_nothing_behind(self, cache: Path) -> None:
        with pytest.raises(ValueError, match="allow_pickle"):
            sources.cached_array("x", lambda: np.array([{}], dtype=object))
        assert list(cache.glob("*")) == []
