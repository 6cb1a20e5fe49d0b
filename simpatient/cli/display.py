"""What the learner sees of a spoken talk: the live screen at a terminal, lines one after the other elsewhere."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from rich.console import Console
from rich.live import Live as Redrawn

from simpatient.cli import common, screen
from simpatient.cli.stage import KEYS, SPACE, YOU, Caption, Key, Scene, State, cells
from simpatient.errors import SimpatientError
from simpatient.model import Reply, Turn
from simpatient.ports.clock import SystemClock
from simpatient.session.level import Level
from simpatient.session.live import Seen

REDRAWN_S = 0.1
"""Seconds between two looks at whether there is something new to draw."""
TOLD_MS = 20_000
"""How long a notice stays."""
STALE_MS = 2_000
"""Without a block of sound: none comes in."""
STATES: dict[str, State] = {
    "learner": "listening", "settling": "thinking", "patient": "speaking", "guard": "speaking",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What the command line asks of the screen."""

    captions: bool = True
    coach: bool = False
    show_state: bool = False


class Display(Protocol):
    """Any thread may call."""

    clock: Callable[[], str]
    """The time that is shown."""

    def open(self, lead: str = "") -> None:
        """From now on, until `close`; `lead` stands there before it begins."""

    def close(self) -> None: ...

    def begin(self, says: str = "") -> None:
        """The talk begins."""

    def heard(self, turn: Turn, coach: str) -> None: ...

    def said(self, reply: Reply) -> None: ...

    def tell(self, text: str) -> None:
        """Something that the learner should know of: a device, the room."""

    def aside(self, text: str) -> None:
        """What belongs to the talk and nobody says: a bell, a pause."""

    def seen(self, seen: Seen, level: Level, talking: str) -> None:
        """Once a tick; must not wait."""

    def pause(self, on: bool) -> None: ...

    def captions(self) -> None:
        """Shows them where they were hidden, and the other way round."""

    def help(self) -> None:
        """Shows the keys, or no longer."""


def display(
    view: Console, name: str, look: Look, by_key: bool = False, duplex: bool = False, keys: tuple[Key, ...] = KEYS
) -> Display:
    """The live screen where there is a terminal at both ends."""
    scene = Scene(name, shown=look.captions, by_key=by_key, duplex=duplex, keys=(SPACE, *keys))
    return FullScreen(view, look, scene) if at_screen() else Lines(view, look, scene)


def at_screen() -> bool:
    return common.at_terminal() and sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


class Lines:
    """Line after line, for a pipe, a log, or a terminal that can do no more."""

    def __init__(self, view: Console, look: Look, scene: Scene) -> None:
        self._view, self._look, self._scene = view, look, scene
        self._shown = scene.shown
        self.clock: Callable[[], str] = str

    def open(self, lead: str = "") -> None:
        pass

    def begin(self, says: str = "") -> None:
        if says:
            screen.say(self._view, says)

    def close(self) -> None:
        pass

    def heard(self, turn: Turn, coach: str) -> None:
        if self._shown:
            screen.say(self._view, f"{YOU}: {turn.utterance.text or '…'}", bold=True)
        if self._look.show_state:
            screen.show_evidence(self._view, turn)
            screen.show_why(self._view, turn)
            screen.show_bars(self._view, turn.before, turn.after)
        if coach:
            screen.say(self._view, f"Coach: {coach}")

    def said(self, reply: Reply) -> None:
        if self._shown:
            screen.show_reply(self._view, self._scene.name, reply)

    def tell(self, text: str) -> None:
        common.note(text)

    def aside(self, text: str) -> None:
        screen.say(self._view, f"\n{text}", bold=True)

    def seen(self, seen: Seen, level: Level, talking: str) -> None:
        pass

    def pause(self, on: bool) -> None:
        pass

    def captions(self) -> None:
        self._shown = not self._shown

    def help(self) -> None:
        for key, _, says in self._scene.keys:
            screen.say(self._view, f"{key:>6}  {says}")


class FullScreen:
    """The live screen. What was said stays on the terminal when it is closed."""

    def __init__(self, view: Console, look: Look, scene: Scene) -> None:
        self._view, self._look = view, look
        self.scene = scene
        self._time = SystemClock()
        self._lock = threading.RLock()
        self._notices: list[tuple[int, str]] = []
        self._paused, self._began = False, False
        self._ticked_ms = 0
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.clock: Callable[[], str] = str

    def open(self, lead: str = "") -> None:
        if self._thread:
            return
        self._set(lead=lead)
        self._ticked_ms = self._time.now_ms()
        self._closing.clear()
        self._thread = threading.Thread(target=self._draw, name="screen", daemon=True)
        self._thread.start()

    def begin(self, says: str = "") -> None:
        self._began = True
        self._set(lead="", state="listening")

    def close(self) -> None:
        """The terminal is as before, and shows what was said."""
        if self._thread is None:
            return
        self._closing.set()
        self._thread.join()
        self._thread = None
        for caption in self.scene.captions:
            screen.say(self._view, f"{caption.who}: {caption.text}" if caption.who else caption.text)
        self._set(captions=())

    def heard(self, turn: Turn, coach: str) -> None:
        alliance = turn.after if self._look.show_state else None
        self._add(YOU, turn.utterance.text or "…", coach=coach, alliance=alliance, partial="")

    def said(self, reply: Reply) -> None:
        self._add(self.scene.name, reply.text, partial="")

    def tell(self, text: str) -> None:
        if self._thread is None:
            common.note(text)
        with self._lock:
            self._notices = [(at, told) for at, told in self._notices if told != text]
            self._notices.append((self._time.now_ms(), text))

    def aside(self, text: str) -> None:
        self._add("", text)

    def seen(self, seen: Seen, level: Level, talking: str) -> None:
        self._ticked_ms = self._time.now_ms()
        state = STATES[seen.owner] if self._began else "check"
        partial = seen.text if seen.owner in ("learner", "settling") else ""
        self._set(
            state=state, partial=partial, cells=cells(level.db), level=level.word, voice=seen.voice, talking=talking
        )  # fmt: skip

    def pause(self, on: bool) -> None:
        self._paused = on
        self._ticked_ms = self._time.now_ms()

    def captions(self) -> None:
        self._set(shown=not self.scene.shown)

    def help(self) -> None:
        self._set(help=not self.scene.help)

    def now(self) -> Scene:
        """As it is to be drawn."""
        with self._lock:
            now_ms, scene = self._time.now_ms(), self.scene
            state = "paused" if self._paused else scene.state
            if now_ms - self._ticked_ms > STALE_MS and state in ("check", "listening"):
                state = "waiting"
            notices = tuple(text for at, text in self._notices if now_ms - at < TOLD_MS)
        return replace(scene, state=state, notices=notices, clock=self._clock_now())

    def _clock_now(self) -> str:
        try:
            return self.clock()
        except SimpatientError:  # who asks for the station's time hears of it
            return ""

    def _add(self, who: str, text: str, **more: object) -> None:
        with self._lock:
            self._set(captions=(*self.scene.captions, Caption(who, text)), **more)

    def _set(self, **values: object) -> None:
        with self._lock:
            self.scene = replace(self.scene, **values)  # type: ignore[arg-type]

    def _draw(self) -> None:
        """A closed terminal stops no talk."""
        console = Console(highlight=False)
        with contextlib.suppress(OSError), _redrawn(console) as page:
            shown = None
            while not self._closing.is_set():
                new = self.now(), console.size
                if new != shown:
                    page.update(new[0], refresh=True)
                    shown = new
                self._closing.wait(REDRAWN_S)


@contextlib.contextmanager
def _redrawn(console: Console) -> Iterator[Redrawn]:
    page = Redrawn(
        console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    with page:
        yield page
