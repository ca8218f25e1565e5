"""A simulated visitor without a browser, which exchanges Streamlit's messages with a server over a WebSocket.

The messages are those of `streamlit.proto`. A run is timed from the request to the message that the script
has finished; drawing in the browser is not included.
"""

import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from ui.visitors.visitor import COOKIE

__all__ = ["Value", "Visitor", "visitor"]

Value = float | str | Sequence[str]
_PREFIX = "$$ID-"  # of a widget's id, followed by a digest and the key
_AGE = 2  # runs after which a browser forgets a long message that has not come again


@dataclass
class Visitor:
    """One session.

    Attributes:
        connection: to the server.
        page: address of the page last opened.
        problems: errors, warnings and exceptions that the last run showed on the page.
        widgets: id, type and fragment, if any, of every widget of the page, by key.
    """

    connection: ClientConnection
    page: str = ""
    problems: list[str] = field(default_factory=list)
    widgets: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _hash: str = ""
    _query: str = ""
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _runs: int = 0
    _kept: dict[str, tuple[ForwardMsg, int]] = field(default_factory=dict)  # long messages by hash, with their runs

    async def open(self, page: str, query: str = "") -> float:
        """Seconds until a page, given by its address, is complete."""
        self.page, self._hash, self._query = page, "", query
        self.widgets.clear()
        return await self._run()

    async def move(self, key: str, value: Value) -> float:
        """Seconds until the page is complete after one of its widgets has got another value.

        Raises:
            KeyError: if the page has no such widget.
        """
        number, kind, fragment = self.widgets[key]
        state = WidgetState(id=number)
        if isinstance(value, str):
            state.string_value = value
        elif not isinstance(value, (int, float)):
            state.string_array_value.data.extend(value)
        elif kind == "slider":
            state.double_array_value.data.append(value)
        else:
            state.double_value = value
        self._states[number] = state
        return await self._run(fragment)

    async def tell(self, key: str, **values: object) -> float:
        """Seconds until the page is complete after one of our own widgets has told it these values.

        Raises:
            KeyError: if the page has no such widget.
        """
        number, _, fragment = self.widgets[key]
        self._states[number] = WidgetState(id=number, json_value=json.dumps(values))
        return await self._run(fragment)

    async def _run(self, fragment: str = "") -> float:
        request = BackMsg()
        request.rerun_script.fragment_id = fragment
        request.rerun_script.query_string = self._query
        request.rerun_script.page_name = self.page
        request.rerun_script.page_script_hash = self._hash
        request.rerun_script.widget_states.widgets.extend(self._states.values())
        request.rerun_script.cached_message_hashes.extend(self._kept)
        self.problems.clear()
        began = time.perf_counter()
        await self.connection.send(request.SerializeToString())
        while not self._is_end(self._whole(ForwardMsg.FromString(await self.connection.recv(decode=False)))):
            pass
        self._forget(fragment)
        return time.perf_counter() - began

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        """The message, or that of an earlier run which it refers to; long ones are kept, as a browser does."""
        key = message.ref_hash or message.hash
        if message.WhichOneof("type") == "ref_hash":
            message = self._kept[key][0]
        elif not message.metadata.cacheable:
            return message
        self._kept[key] = message, self._runs
        return message

    def _forget(self, fragment: str) -> None:
        """Counts a run, of that fragment or of the whole page, and forgets what has not come again for long."""
        self._runs += 1
        for key, (message, run) in list(self._kept.items()):
            if fragment in ("", message.delta.fragment_id) and self._runs - run > _AGE:
                del self._kept[key]

    def _is_end(self, message: ForwardMsg) -> bool:
        """Whether the run has ended; records what the message says."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._hash = message.new_session.page_script_hash
        elif kind == "navigation" and message.navigation.page_script_hash:
            self._hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "page_not_found":
            self.problems.append(f"There is no page {self.page!r}.")
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._record(message)
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                self.problems.append("The script does not compile.")
            # the script may request another run of itself, which belongs to this one
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    def _record(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.problems.append(element.exception.message)
        elif kind == "alert" and element.alert.format in (element.alert.ERROR, element.alert.WARNING):
            self.problems.append(element.alert.body)
        elif kind is not None and (number := getattr(getattr(element, kind), "id", "")).startswith(_PREFIX):
            self.widgets[number.removeprefix(_PREFIX).partition("-")[2]] = number, kind, message.delta.fragment_id


@asynccontextmanager
async def visitor(port: int) -> AsyncIterator[Visitor]:
    """A new visitor of the server on that port."""
    headers = {"Cookie": f"{COOKIE}={secrets.token_urlsafe(32)}"}
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], additional_headers=headers, max_size=None) as connection:  # type: ignore[list-item]
        yield Visitor(connection)
