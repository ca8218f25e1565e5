"""A visitor without a browser opens a page, moves its widgets, and hears what the page complains of."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.clients import Visitor, visitor
from benchmarks.servers import Server, serve

SCRIPT = """
import streamlit as st

n = st.slider("n", 0, 10, 1, key="n")
i = st.number_input("i", 0, 10, 1, key="i-j")
name = st.selectbox("name", ["a", "b"], key="name")
names = st.multiselect("names", ["c", "d", "e"], key="names")
size = st.select_slider("size", [0.5, 1.0, 2.0], key="size")
again = "once again" if "again" in st.session_state else "at once"
st.warning(f"{again} {n} {i} {name} {names} {size} {st.query_params['q']}")
st.info("not a problem")
if n == 9 and again == "at once":
    st.session_state["again"] = True
    st.rerun()
if n == 10:
    raise ValueError("ten")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    script = tmp_path_factory.mktemp("script") / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with serve(script) as running:
        yield running


async def tour(server: Server) -> list[list[str]]:
    """What the page complains of, run by run."""
    heard = []

    async def hear(someone: Visitor, seconds: float) -> None:
        assert seconds > 0
        heard.append(list(someone.problems))

    async with visitor(server.port) as someone:
        await hear(someone, await someone.open("", "q=1"))
        assert set(someone.widgets) == {"n", "i-j", "name", "names", "size"}
        await hear(someone, await someone.move("n", 9))
        await hear(someone, await someone.move("i-j", 3))
        await hear(someone, await someone.move("name", "b"))
        await hear(someone, await someone.move("names", ["e", "c"]))
        await hear(someone, await someone.move("size", ["2.0"]))
        await hear(someone, await someone.move("n", 10))
        with pytest.raises(KeyError):
            await someone.move("m", 1)
    return heard


def test_what_a_visitor_does_reaches_the_script_and_its_end_is_waited_for(server: Server) -> None:
    *heard, failed = asyncio.run(tour(server))
    assert heard[0] == ["at once 1 1 a [] 0.5 1"]
    assert heard[1][-1] == "once again 9 1 a [] 0.5 1"  # not the end of the run that asked for this one
    assert heard[2:] == [
        ["once again 9 3 a [] 0.5 1"],
        ["once again 9 3 b [] 0.5 1"],
        ["once again 9 3 b ['e', 'c'] 0.5 1"],
        ["once again 9 3 b ['e', 'c'] 2.0 1"],
    ]
    assert failed[0] == "once again 10 3 b ['e', 'c'] 2.0 1" and len(failed) == 2


def test_the_memory_of_a_server_is_that_of_a_python_with_streamlit(server: Server) -> None:
    assert 20 < server.megabytes() <= server.peak_megabytes() < 2000


def test_the_memory_of_its_children_is_counted_while_they_run() -> None:
    ours = Server(port=0, process=os.getpid())
    before = ours.children_megabytes()
    command = [sys.executable, "-c", "kept = b'x' * 50_000_000; print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert 50 < ours.children_megabytes() - before < 200
        child.communicate(b"\n")
    assert ours.children_megabytes() == pytest.approx(before, abs=5)


def test_a_server_that_does_not_start_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="has not started"), serve(tmp_path / "nothing.py"):
        pass
