"""One browser tab at the protocol level: Streamlit's own messages over a websocket, as its frontend sends them."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

FINISHED_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
COMPILE_ERROR = ForwardMsg.FINISHED_WITH_COMPILE_ERROR


class RunFailed(Exception):
    """The server did not answer a run as it should: an exception on the page, a missing page, a compile error."""


@dataclass(frozen=True)
class Widget:
    """A widget on the page: where its value goes."""

    id: str
    kind: str
    label: str
    fragment: str
    proto: Any


@dataclass(frozen=True)
class Run:
    """One run of the script, from the request to script_finished."""

    seconds: float
    bytes: int
    messages: int


@dataclass
class Tab:
    """A session: `origin` such as http://127.0.0.1:8501, `page` the address below it, `query` what follows the
    question mark, `cookie` a Cookie header. Open it first, close it in the end.
    """

    origin: str
    page: str = ""
    query: str = ""
    cookie: str = ""
    timeout: float = 120
    widgets: dict[str, Widget] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    session: str = ""
    _values: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)
    _page_hash: str = ""
    _socket: websockets.ClientConnection | None = None

    async def open(self) -> Run:
        """Connect and run the page once: what opening it costs up to script_finished."""
        start = time.perf_counter()
        self._socket = await websockets.connect(
            f"{self.origin.replace('http', 'ws', 1)}/_stcore/stream",
            origin=websockets.Origin(self.origin),
            subprotocols=[websockets.Subprotocol("streamlit")],
            additional_headers={"Cookie": self.cookie} if self.cookie else {},
            compression=None,
            ping_interval=None,
            max_size=None,
            open_timeout=self.timeout,
            close_timeout=2,
            proxy=None,
        )
        first = await self._run(page_name=self.page)
        return Run(time.perf_counter() - start, first.bytes, first.messages)

    async def close(self) -> None:
        """Leave, as a closed tab does."""
        if self._socket is not None:
            await self._socket.close()

    async def rerun(self) -> Run:
        """Run the page once more, with nothing changed."""
        return await self._run()

    async def change(self, widget: Widget, wire: str, value: Any) -> Run:
        """Give a widget a value, in its field `wire` of the protocol, and run what depends on it."""
        self._values[widget.id] = (wire, value)
        return await self._run(fragment=widget.fragment)

    async def go(self, page: str, query: str = "") -> Run:
        """Follow a link to another page of the product, in the same session."""
        self.page, self.query, self._page_hash = page, query, ""
        self._values.clear()
        self.widgets.clear()
        return await self._run(page_name=page)

    def field(self, key: str) -> Widget:
        """The widget with this key of the script. Raises RunFailed when the page does not show it."""
        found = next((widget for widget in self.widgets.values() if widget.id.endswith(f"-{key}")), None)
        if found is None:
            raise RunFailed(f"no widget {key!r} on {self.page}?{self.query}")
        return found

    def type(self, widget: Widget, wire: str, value: Any) -> None:
        """Give a widget of a form its value, which goes along with the next run."""
        self._values[widget.id] = (wire, value)

    async def press(self, widget: Widget) -> Run:
        """Click a button: it counts for one run."""
        try:
            return await self.change(widget, "trigger_value", True)
        finally:
            self._values.pop(widget.id, None)

    async def _run(self, page_name: str | None = None, fragment: str = "") -> Run:
        message = BackMsg()
        request = message.rerun_script
        request.query_string = self.query
        request.fragment_id = fragment
        request.cached_message_hashes.extend(self._kept)
        if page_name is None:
            request.page_script_hash = self._page_hash
        else:
            request.page_name = page_name
        for widget_id, (wire, value) in self._values.items():
            state = request.widget_states.widgets.add(id=widget_id)
            if wire.endswith("_array_value"):
                getattr(state, wire).data.extend(value)
            else:
                setattr(state, wire, value)
        self.texts.clear()
        if not fragment:
            self.widgets.clear()
        start = time.perf_counter()
        size = count = 0
        if self._socket is None:
            raise RunFailed("the tab is not open")
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(self.timeout):
            while True:
                raw = await self._socket.recv(decode=False)
                size += len(raw)
                count += 1
                answer = ForwardMsg.FromString(raw)
                self._learn(answer)
                if answer.WhichOneof("type") == "script_finished" and answer.script_finished != FINISHED_EARLY:
                    if answer.script_finished == COMPILE_ERROR:
                        raise RunFailed("compile error")
                    return Run(time.perf_counter() - start, size, count)

    def _learn(self, answer: ForwardMsg) -> None:
        if answer.metadata.cacheable and answer.hash:
            self._kept.add(answer.hash)
        kind = answer.WhichOneof("type")
        if kind == "new_session":
            self._page_hash = answer.new_session.page_script_hash
            self.session = answer.new_session.initialize.session_id
        elif kind == "navigation":
            self._page_hash = answer.navigation.page_script_hash or self._page_hash
            self.pages = [page.url_pathname for page in answer.navigation.app_pages if not page.is_hidden]
        elif kind == "page_info_changed":
            self.query = answer.page_info_changed.query_string
        elif kind == "page_not_found":
            raise RunFailed(f"no page {answer.page_not_found.page_name!r}")
        elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
            self._element(answer.delta.new_element, answer.delta.fragment_id)

    def _element(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise RunFailed(f"{element.exception.type}: {element.exception.message[:300]}")
        inside = getattr(element, kind) if kind else None
        if body := getattr(inside, "body", ""):
            self.texts.append(body)
        if widget_id := getattr(inside, "id", ""):
            label = getattr(inside, "label", "") or widget_id.rsplit("-", 1)[-1]
            if label in self.widgets and self.widgets[label].id != widget_id:
                label = widget_id
            self.widgets[label] = Widget(widget_id, kind, label, fragment, inside)
