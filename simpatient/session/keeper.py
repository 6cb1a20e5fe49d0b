"""Keeps a station's time in a thread of its own, so that bells ring at their moment whatever else is going on.

What is decided is decided by `limits`; here time is read, waited for and noted, and every bell and pause is journalled.
Whoever asks for something new (`finish`, `pause` …) may do so from any thread.
"""

import threading
from collections.abc import Callable

from simpatient.errors import SimpatientError
from simpatient.ports import Clock
from simpatient.session.journal import Journal
from simpatient.session.limits import Bell, Phase, StationClock, Step
from simpatient.session.timing import Timing

NOTED_MS = 1_000
"""Of the station's time between two notes of it: a crash costs at most so much."""
SHORTEST_S = 0.1
"""Seconds between two notes, however fast the station's time runs."""
CUT_S = 0.05
"""Seconds between two calls of `cut`, until nobody speaks any more."""

BY_INVIGILATOR, BY_RESTART = "invigilator", "restart"


class Keeper:
    """The station's clock, running. Use as a context: the thread ends with it."""

    def __init__(
        self, start: StationClock, time: Clock, journal: Journal, timing: Timing, show: Callable[[Bell], None],
        sound: Callable[[Bell], None] = lambda bell: None, lead_s: float = 0.0,
        cut: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`show` and `sound` ring a bell and must not wait; `cut` silences the patient after the grace.

        A loudspeaker takes `lead_s` seconds to be heard: bells of which the time is known are sounded so much earlier.
        """
        self._clock = start
        self._time = time
        self._journal = journal
        self._timing = timing
        self._show = show
        self._sound = sound
        self._lead_ms = round(1000 * lead_s / time.seconds(1000))
        self._sounded: set[tuple[str, int]] = set()
        self._cut = cut
        self._changed = threading.Condition()
        self._noted_ms = start.at_ms
        self._leaving = False
        self._error: SimpatientError | None = None
        self._thread = threading.Thread(target=self._run, name="station clock", daemon=True)

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._leaving = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """The time runs from now on."""
        self._thread.start()

    # ---- where it stands

    @property
    def clock(self) -> StationClock:
        """As it stands this moment. Raises what broke the clock's own thread."""
        with self._changed:
            if self._error is not None:
                raise self._error
            return self._clock

    @property
    def phase(self) -> Phase:
        return self.clock.phase

    @property
    def running(self) -> bool:
        """The learner is heard."""
        return self.phase == "RUN"

    def wait(self, *phases: Phase) -> Phase:
        """Until one of these phases, or the end of all."""
        with self._changed:
            while self._error is None and self._clock.phase not in (*phases, "CLOSED"):
                self._changed.wait(1.0)  # without a limit a Ctrl-C would not come through everywhere
        return self.phase

    def wait_unpaused(self) -> None:
        """Until time runs again."""
        with self._changed:
            while self._error is None and self._clock.paused:
                self._changed.wait(1.0)

    def at_ms(self) -> int:
        """The station's time, now."""
        return self._do(lambda clock, now_ms: clock.tick(now_ms)).at_ms

    # ---- what is asked of it

    def begin(self) -> None:
        """The first bell is sounded, and the station's time begins when it is heard."""
        with self._changed:
            for bell in self._clock.begin(self._time.now_ms()).bells:
                self._sound_once(bell)
            self._changed.wait(self._time.seconds(self._lead_ms))
        self._do(StationClock.begin)
        self.note(utc=self._time.utc())

    def enter(self) -> None:
        self._do(StationClock.enter)

    def ready(self) -> None:
        self._do(StationClock.ready)

    def finish(self) -> None:
        self._do(StationClock.finish)

    def close(self) -> None:
        self._do(StationClock.close)
        self.note(utc=self._time.utc())

    def pause(self, by: str = BY_INVIGILATOR) -> bool:
        """Stops the station's time and journals it. False where it stood already, or nothing runs."""
        return self._switch("paused", by, StationClock.pause)

    def resume(self, by: str = BY_INVIGILATOR) -> bool:
        """Lets it run again and journals it. False where it was not paused."""
        return self._switch("resumed", by, StationClock.resume)

    def note(self, **values: object) -> None:
        """Writes into timing.jsonl, with the station's time."""
        with self._changed:
            self._noted_ms = self.at_ms()
            self._timing.add(self._noted_ms, **values)

    # ---- how

    def _switch(self, event: str, by: str, move: Callable[[StationClock, int], Step]) -> bool:
        with self._changed:
            before = self._clock.paused
            clock = self._do(move)
            if clock.paused == before:
                return False
            self._journal.add(event, by=by, at_ms=clock.at_ms)
            return True

    def _do(self, move: Callable[[StationClock, int], Step]) -> StationClock:
        with self._changed:
            self._clock, bells = move(self._clock, self._time.now_ms())
            for bell in bells:
                self._sound_once(bell)
                self._show(bell)
                self._journal.add("bell", name=bell.name, at_ms=bell.at_ms, left_ms=bell.left_ms)
                self._timing.add(self._clock.at_ms, bell=bell.name, due_ms=bell.at_ms)
            self._changed.notify_all()
            return self._clock

    def _run(self) -> None:
        try:
            with self._changed:
                while not self._leaving and self._clock.phase != "CLOSED":
                    self._do(StationClock.tick)
                    for bell in self._clock.tick(self._time.now_ms() + self._lead_ms).bells:
                        self._sound_once(bell)
                    if self._clock.at_ms - self._noted_ms >= NOTED_MS:
                        self.note(phase=self._clock.phase)
                    if self._hangs_over():
                        self._cut()
                    self._changed.wait(self._patience())
        except SimpatientError as error:
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _sound_once(self, bell: Bell) -> None:
        if (bell.name, bell.at_ms) not in self._sounded:
            self._sounded.add((bell.name, bell.at_ms))
            self._sound(bell)

    def _hangs_over(self) -> bool:
        """The grace is over, and somebody may still be speaking."""
        return self._clock.stopped and self._clock.phase != "STOP" and not self._clock.over

    def _patience(self) -> float | None:
        """Seconds until there is something to do."""
        if self._hangs_over():
            return CUT_S
        due = self._clock.next_ms
        if self._clock.stands:
            return None
        note = max(self._time.seconds(self._noted_ms + NOTED_MS - self._clock.at_ms), SHORTEST_S)
        if due is None:
            return note
        left_ms = due - self._clock.at_ms
        early_ms = left_ms - self._lead_ms
        return max(0.0, min(note, self._time.seconds(early_ms if early_ms > 0 else left_ms)))
