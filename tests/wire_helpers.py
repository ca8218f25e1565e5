"""What a page and the server send each other: states of widgets one way, ends of the script the other way."""

import json
from typing import Any

from playwright.sync_api import Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser_helpers import settle, until


class Wire:
    """Listens to a page and its server.

    Attributes:
        sent: the messages of the browser, in order.
        answered: how many had been sent when a run of the script last came to its end.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[BackMsg] = []
        self.answered = 0

    def listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._keep)
        socket.on("framereceived", self._hear)

    def _keep(self, frame: bytes | str) -> None:
        assert isinstance(frame, bytes)
        self.sent.append(BackMsg.FromString(frame))

    def _hear(self, frame: bytes | str) -> None:
        assert isinstance(frame, bytes)
        message = ForwardMsg.FromString(frame)
        ended = message.WhichOneof("type") == "script_finished"
        if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.answered = len(self.sent)

    def told(self, key: str) -> list[Any]:
        """What each message that mentions the widget says of it; `key` is its key in Python, or a part of it."""
        return [
            json.loads(state.json_value)
            for message in self.sent
            for state in message.rerun_script.widget_states.widgets
            if key in state.id and state.json_value
        ]

    def forget(self) -> None:
        """Begins anew, as if nothing had been sent."""
        self.sent.clear()
        self.answered = 0

    def wait_for_answer(self, messages: int) -> None:
        """Waits until a run has ended after so many messages."""
        until(self.page, lambda: self.answered >= messages)
        settle(self.page)
