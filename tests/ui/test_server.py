"""The server's process: how its sockets are set up."""

import os
import socket
import tempfile

import pytest

from dlgmm_core.store.files import CheckpointError
from ui import loaders
from ui.serving import server
from ui.serving.server import send_at_once


def test_answers_on_accepted_connections_are_not_held_back() -> None:
    with socket.socket() as listening:  # as Streamlit opens its own: TCP is not named
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        send_at_once()
        with socket.create_connection(listening.getsockname()) as visitor, listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert not visitor.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nothing_is_left_open() -> None:
    with socket.socket() as listening, tempfile.TemporaryFile():
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        before = set(os.listdir("/dev/fd"))
        send_at_once()
        assert set(os.listdir("/dev/fd")) == before


def test_sockets_that_do_not_listen_are_left_alone() -> None:
    with socket.socket() as silent:
        send_at_once()
        assert not silent.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_one_checkpoint_that_cannot_be_loaded_does_not_end_the_warm_start(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(name: str) -> None:
        if name == "damaged":
            raise CheckpointError("damaged has weights that are not finite: restore it, or train again.")
        loaded.append(name)

    monkeypatch.setattr(loaders, "checkpoints", lambda: ["first", "damaged", "last"])
    monkeypatch.setattr(loaders, "model", load)
    monkeypatch.setattr(loaders, "dataset", load)
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    server._load()
    assert loaded == ["first", "last", "mnist"]
