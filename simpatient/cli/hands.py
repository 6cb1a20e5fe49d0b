"""The learner's keys in a spoken talk."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simpatient.cli import common
from simpatient.cli.keyboard import ESCAPE, Keyboard
from simpatient.ports import Clock
from simpatient.session.push import Push

if TYPE_CHECKING:
    from simpatient.cli.display import Display
    from simpatient.cli.live import Booth

Actions = dict[str, Callable[[], None]]


class Space:
    """The key of push-to-talk. Any thread may press it or ask."""

    def __init__(self, always: bool, clock: Clock) -> None:
        """With `always` nobody is heard without it; else it only helps where a learner wants to think in peace."""
        self._always, self._clock = always, clock
        self._push = Push()
        self._lock = threading.Lock()

    def press(self) -> None:
        with self._lock:
            self._push = self._push.pressed(self._clock.now_ms())

    def held(self) -> bool | None:
        """Whether the learner talks by the key; None while it plays no part."""
        now_ms = self._clock.now_ms()
        with self._lock:
            self._push = self._push.at(now_ms)
            if self._push.talks:
                return True
            return False if self._always or self._push.ended(now_ms) else None

    @property
    def talking(self) -> str:
        """How the learner talks by the key; empty where not."""
        push = self._push
        return push.how if push.talks else ""


def actions(booth: "Booth", display: "Display", pause: Callable[[], None] | None = None) -> Actions:
    """What each key does; without `pause` nobody but an invigilator stops the time."""
    small: Actions = {
        "r": booth.live.repeat, "c": display.captions, "s": booth.stop, "?": display.help,
        **({"p": pause} if pause else {}),
    }  # fmt: skip
    capital = {key.upper(): does for key, does in small.items()}
    return {**small, **capital, " ": booth.space.press, ESCAPE: booth.stop}


@contextmanager
def heeded(keyboard: Keyboard, keys: Actions) -> Iterator[None]:
    """While it lasts the keys work, at a terminal and without Enter."""
    if not common.at_terminal():
        yield
        return
    with keyboard.single_keys():
        before, keyboard.keys = keyboard.keys, keys
        keyboard.watch()
        try:
            yield
        finally:
            keyboard.keys = before
