"""One at a time, in the order of arrival: whoever writes in a loop cannot keep the others out.

A pool of one connection, and SQLite's own lock, go to whoever asks at the right moment; under load somebody waits
until they give up.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator


class Turns:
    """A lock that is handed to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextlib.contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """Wait for one's turn and hold it while the block runs. Raises TimeoutError after so many seconds."""
        if not self._take(seconds):
            raise TimeoutError
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, seconds: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._guard:
            if mine.is_set():  # it came at the last moment
                return True
            self._waiting.remove(mine)
            return False

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
