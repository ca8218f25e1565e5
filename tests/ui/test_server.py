"""The server's process: how its sockets are set up."""

import os
import socket
import tempfile

import pytest

from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.files import CheckpointError
from ui import loaders
from ui.groups import usual
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

    monkeypatch.setattr(loaders, "checkpoints", list)
    monkeypatch.setattr(server, "usual", lambda checkpoints: ["first", "damaged", "last"])
    monkeypatch.setattr(loaders, "model", load)
    monkeypatch.setattr(loaders, "dataset", load)
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    server._load()
    assert loaded == ["first", "last", "mnist"]


def test_of_the_models_only_those_that_the_first_page_shows_are_loaded_before_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[Checkpoint] = []
    monkeypatch.setattr(loaders, "model", loaded.append)
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    server._load()
    shipped = loaders.checkpoints()
    assert loaded == usual([c for c in shipped if c.train_config.dataset == "mnist"])
    assert 0 < len(loaded) < len(shipped) / 2
