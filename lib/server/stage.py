"""The stage over HTTP: what is on it now, told by whoever presents and heard by everybody who follows; and what the
audience sends.

Followers hold a stream open (Server-Sent Events). However many they are, a process reads the database once a second for
an event, and the database is all that several processes share.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from lib.domain.access import VISITOR
from lib.domain.errors import NotFound, ProductError
from lib.domain.vocabulary import QuestionState
from lib.server import answers, posted
from lib.services import drafts, responses, stage, trouble
from lib.services.stage import State
from lib.settings import settings
from lib.store.engine import database

LARGEST: Final = 32_768
"""Bytes of a body that is read."""
_EVERY: Final = 0.7
_PING: Final = 15.0
_WAITING: Final = 8
"""States a listener may be behind before it is let go: a phone that sleeps asks anew when it wakes."""


@dataclass
class Hall:
    """The listeners of one event in this process, and the task that reads for all of them."""

    event: int
    state: State
    listeners: set[asyncio.Queue[State | None]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


class Halls:
    """The events that somebody in this process follows."""

    def __init__(self, read: Callable[[int], State]) -> None:
        self.read = read
        self.halls: dict[int, Hall] = {}

    def listening(self) -> int:
        """How many streams are open."""
        return sum(len(hall.listeners) for hall in self.halls.values())

    async def follow(self, event: int, first: State) -> AsyncIterator[State | None]:
        """The states of an event from `first` on, and None where nothing happened for a while."""
        hall = self.halls.get(event)
        if hall is None or hall.task is None or hall.task.done():
            hall = self.halls[event] = Hall(event, first)
            hall.task = asyncio.create_task(self._watch(hall))
        queue: asyncio.Queue[State | None] = asyncio.Queue(_WAITING)
        hall.listeners.add(queue)
        try:
            told = first.seq
            yield first
            if hall.state.seq > told:
                told = hall.state.seq
                yield hall.state
            while True:
                try:
                    state = await asyncio.wait_for(queue.get(), _PING)
                except TimeoutError:
                    yield None
                    continue
                if state is None:
                    return
                if state.seq > told:
                    told = state.seq
                    yield state
        finally:
            hall.listeners.discard(queue)

    def tell(self, event: int, state: State) -> None:
        """Hand a state that was told here on at once, without waiting for the next reading."""
        hall = self.halls.get(event)
        if hall is None or state.seq <= hall.state.seq:
            return
        hall.state = state
        for queue in tuple(hall.listeners):
            if queue.full():
                hall.listeners.discard(queue)
                _end(queue)
            else:
                queue.put_nowait(state)

    async def _watch(self, hall: Hall) -> None:
        failing = False
        while hall.listeners:
            await asyncio.sleep(_EVERY)
            try:
                state = await run_in_threadpool(self.read, hall.event)
                failing = False
            except NotFound:
                break
            except Exception as error:  # noqa: BLE001 - a database that is away must not end what follows it
                if not failing:
                    trouble.note(error, path=f"stage/{hall.event}")
                failing = True
                continue
            self.tell(hall.event, state)
        if self.halls.get(hall.event) is hall:
            del self.halls[hall.event]
        for queue in tuple(hall.listeners):
            _end(queue)


def _end(queue: asyncio.Queue[State | None]) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def _read(event: int) -> State:
    with database().read() as session:
        return stage.read(session, event, actor=VISITOR)


halls: Final = Halls(_read)


# ------------------------------------------------------------------ what is on it
async def state(request: Request) -> Response:
    """GET /stage/{event}: the state as JSON; 404 where there is no such event."""
    return await answers.answer(lambda: _read(_event(request)).plain())


async def stream(request: Request) -> Response:
    """GET /stage/{event}/stream: the state at once and whenever it changes, as Server-Sent Events; 503 when full."""
    event = _event(request)
    try:
        first = await run_in_threadpool(_read, event)
    except NotFound as missing:
        return answers.refused(missing)
    if halls.listening() >= settings().followers:
        return JSONResponse({"detail": "跟随的人太多，请稍后再试。"}, 503, {**answers.NO_STORE, "Retry-After": "5"})

    async def events() -> AsyncIterator[str]:
        yield "retry: 1500\n\n"
        async for found in halls.follow(event, first):
            yield ": \n\n" if found is None else f"data: {json.dumps(found.plain(), ensure_ascii=False)}\n\n"

    headers = {**answers.NO_STORE, "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


async def tell(request: Request) -> Response:
    """POST /stage/{event}: whoever runs the event tells what is on stage; answers with the state that holds now."""
    body = await posted.json_object(request, largest=LARGEST)
    if body is None:
        return answers.unreadable()
    try:
        found = await run_in_threadpool(_put, request, _event(request), body)
    except ProductError as refused:
        return answers.refused(refused)
    halls.tell(_event(request), found)
    return JSONResponse(found.plain(), headers=answers.NO_STORE)


def _put(request: Request, event: int, body: dict[str, Any]) -> State:
    actor = posted.actor(posted.token(request), posted.address(request))
    return stage.put(database(), event, body, actor=actor)


# ------------------------------------------------------------------ what the audience sends
async def respond(request: Request) -> Response:
    """POST /stage/{event}/responses: a mark, a question or an intention; {"kept": false} when there was one before."""
    body = await posted.json_object(request, largest=LARGEST)
    if body is None:
        return answers.unreadable()
    return await answers.answer(lambda: {"kept": _keep(request, body)})


def _keep(request: Request, body: dict[str, Any]) -> bool:
    actor = posted.actor(posted.token(request), posted.address(request))
    kind = str(body.get("kind", ""))
    return responses.keep(database(), _event(request), kind, body, device=_device(request), actor=actor)


async def mine(request: Request) -> Response:
    """GET /stage/{event}/mine: what this device sent, by item."""
    return await answers.answer(lambda: _mine(request))


def _mine(request: Request) -> Any:
    with database().read() as session:
        found = responses.mine(session, _event(request), device=_device(request), actor=VISITOR)
    return {str(item): sent for item, sent in found.items()}


async def counts(request: Request) -> Response:
    """GET /stage/{event}/counts: how much was sent about each item, for whoever runs the event."""
    return await answers.answer(lambda: _counts(request))


def _counts(request: Request) -> Any:
    actor = posted.actor(posted.token(request), posted.address(request))
    with database().read() as session:
        found = responses.counts(session, _event(request), actor=actor)
    return {
        str(item): {
            "marks": one.marks,
            "means": {name: None if mean is None else str(mean) for name, mean in one.means.items()},
            "questions": one.questions,
            "intentions": one.intentions,
        }
        for item, one in found.items()
    }


async def questions(request: Request) -> Response:
    """GET /stage/{event}/questions: the questions as text, for whoever runs the event."""
    return await answers.answer(lambda: _questions(request))


def _questions(request: Request) -> Any:
    actor = posted.actor(posted.token(request), posted.address(request))
    with database().read() as session:
        found = responses.questions(session, _event(request), actor=actor)
    return [{"id": q.id, "item": q.item, "text": q.text, "state": q.state.value} for q in found]


async def settle(request: Request) -> Response:
    """POST /stage/questions/{id}: what became of a question: {"state": "answered" | "hidden" | "new"}."""
    body = await posted.json_object(request, largest=LARGEST)
    wanted = str((body or {}).get("state", ""))
    if wanted not in set(QuestionState):
        return JSONResponse({"detail": "没有这个状态。"}, 422, answers.NO_STORE)

    def write() -> Any:
        actor = posted.actor(posted.token(request), posted.address(request))
        number = posted.number(request.path_params["id"])
        responses.settle_question(database(), number, QuestionState(wanted), actor=actor)
        return {"state": wanted}

    return await answers.answer(write)


# ------------------------------------------------------------------ inside
def _event(request: Request) -> int:
    return posted.number(request.path_params["event"])


def _device(request: Request) -> str:
    return drafts.browser_of(request.cookies.get(settings().browser_cookie))


routes: Final[list[BaseRoute]] = [
    Route("/stage/questions/{id}", settle, methods=["POST"]),
    Route("/stage/{event}", state),
    Route("/stage/{event}", tell, methods=["POST"]),
    Route("/stage/{event}/stream", stream),
    Route("/stage/{event}/responses", respond, methods=["POST"]),
    Route("/stage/{event}/mine", mine),
    Route("/stage/{event}/counts", counts),
    Route("/stage/{event}/questions", questions),
]
