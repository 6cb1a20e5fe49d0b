"""The station's clock: a value that is told the time and answers with the bells that are due. Pure.

    BRIEF     who sits there, what may distress; no time runs
    READ      bell "read"; the candidate reads the sheet. Without a limit the candidate ends it (`enter`)
    READY     reading is over; held until patient and equipment are `ready`, so that no second of the task is lost
    RUN       bell "start"; the interview. A bell "warning" at each of the station's warnings
    STOP      the interview is over: bell "stop", or the two of them ended it. The learner is heard no more; the patient
              may finish a sentence within the grace
    LINGER    who has finished early stays in the station until the bell "stop"; without a limit it rings at once
    FEEDBACK  self-assessment, then marks. Bell "close" where its time runs out
    CLOSED

Two times: the monotonic time that is handed in (`now_ms`, any origin), and the station's own (`at_ms`), which begins at
the first bell and stands still in a pause and in READY. Every method gives a `Step`: the next clock and the bells rung
on the way, each with the station's time at which it was due, however late the clock was asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from simpatient.grading.station import Timing

Phase = Literal["BRIEF", "READ", "READY", "RUN", "STOP", "LINGER", "FEEDBACK", "CLOSED"]
BellName = Literal["read", "start", "warning", "stop", "close"]
INTERVIEW: tuple[Phase, ...] = ("RUN", "STOP", "LINGER")
"""The task's own time goes on here: its bells ring for who has finished, too."""


@dataclass(frozen=True)
class Limits:
    """The times of one run, in milliseconds of the station's time; None: no limit."""

    read_ms: int | None
    task_ms: int | None
    warn_ms: tuple[int, ...] = ()
    """Before the end of the task, the earliest warning first."""
    grace_ms: int = 2_000
    feedback_ms: int | None = None

    @property
    def slot_ms(self) -> int | None:
        """From the first bell to the last; None where something has no limit."""
        parts = (self.read_ms, self.task_ms, self.feedback_ms)
        return None if None in parts else sum(part or 0 for part in parts) + self.grace_ms


def limits(timing: Timing) -> Limits:
    """A station's times. Warnings that would ring before the task begins are left out."""
    task_ms = _ms(timing.task_s)
    warn_ms = tuple(round(1000 * s) for s in timing.warn_s if task_ms is not None and round(1000 * s) < task_ms)
    return Limits(_ms(timing.read_s), task_ms, warn_ms, round(1000 * timing.grace_s), _ms(timing.feedback_s))


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(1000 * seconds)


@dataclass(frozen=True)
class Bell:
    """One ring."""

    name: BellName
    at_ms: int
    """The station's time at which it was due."""
    left_ms: int | None = None
    """Of what it begins or warns of; None where there is no limit, or nothing follows."""


class Step(NamedTuple):
    """What a moment did."""

    clock: "StationClock"
    bells: tuple[Bell, ...] = ()


@dataclass(frozen=True)
class StationClock:
    """Where a station stands in time."""

    limits: Limits
    phase: Phase = "BRIEF"
    at_ms: int = 0
    began_ms: int = 0
    """The station's time at which the phase began."""
    start_ms: int = 0
    """The station's time at which the task began."""
    warned: int = 0
    """Warnings rung."""
    stopped: bool = False
    """The bell at the end of the task has rung."""
    is_ready: bool = False
    over: bool = False
    """The interview is over, and nobody speaks any more."""
    paused: bool = False
    seen_ms: int | None = None
    """The monotonic time last handed in; None before the first."""

    # ---- what is asked of it

    @property
    def stands(self) -> bool:
        """No time runs."""
        return self.paused or self.phase in ("BRIEF", "READY", "CLOSED")

    @property
    def task_at_ms(self) -> int:
        """The task's time so far."""
        return self.at_ms - self.start_ms

    @property
    def next_ms(self) -> int | None:
        """The station's time at which something is due next; None if nothing ever is."""
        return None if self.stands or (due := self._due()) is None else max(due, self.at_ms)

    @property
    def left_ms(self) -> int | None:
        """Until the bell that ends what is going on; None without a limit."""
        if self.phase in ("READ", "FEEDBACK"):
            end = self._end(self.phase)
        else:
            end = self._end_of_task() if self.phase in INTERVIEW else None
        return None if end is None else max(0, end - self.at_ms)

    # ---- what moves it

    def tick(self, now_ms: int) -> Step:
        """Time has passed. A time before the last one counts as none passed: the caller's clock is monotonic."""
        passed = 0 if self.seen_ms is None else max(0, now_ms - self.seen_ms)
        seen = replace(self, seen_ms=now_ms)
        return Step(seen) if self.stands else seen._run_to(self.at_ms + passed)

    def begin(self, now_ms: int) -> Step:
        """The brief is over: the bell rings and the candidate reads."""
        clock, bells = self.tick(now_ms)
        if clock.phase != "BRIEF":
            return Step(clock, bells)
        bell = Bell("read", clock.at_ms, clock.limits.read_ms)
        return clock._to("READ", clock.at_ms)._run_to(clock.at_ms, (bell,))

    def enter(self, now_ms: int) -> Step:
        """The candidate has read enough; only where reading has no limit."""
        clock, bells = self.tick(now_ms)
        if clock.phase != "READ" or clock.limits.read_ms is not None:
            return Step(clock, bells)
        return clock._to("READY", clock.at_ms)._begun(bells)

    def ready(self, now_ms: int) -> Step:
        """Patient and equipment stand."""
        clock, bells = self.tick(now_ms)
        return replace(clock, is_ready=True)._begun(bells)

    def finish(self, now_ms: int) -> Step:
        """The interview is over and nobody speaks any more: ended by the two, or the last sentence after the bell."""
        clock, bells = self.tick(now_ms)
        if clock.phase not in INTERVIEW:
            return Step(replace(clock, over=True), bells)
        phase: Phase = "STOP" if clock.phase == "RUN" else clock.phase
        return replace(clock, over=True)._to(phase, clock.at_ms)._run_to(clock.at_ms, bells)

    def pause(self, now_ms: int) -> Step:
        """Time stands still from now on; nothing in BRIEF and when all is over."""
        clock, bells = self.tick(now_ms)
        return Step(clock if clock.phase in ("BRIEF", "CLOSED") else replace(clock, paused=True), bells)

    def resume(self, now_ms: int) -> Step:
        """Time runs again."""
        clock, bells = self.tick(now_ms)
        return Step(replace(clock, paused=False), bells)

    def close(self, now_ms: int) -> Step:
        """Nothing more is to come, whatever the phase."""
        clock, bells = self.tick(now_ms)
        return Step(replace(clock._to("CLOSED", clock.at_ms), paused=False), bells)

    # ---- how

    def _run_to(self, target_ms: int, bells: tuple[Bell, ...] = ()) -> Step:
        """Everything that is due up to the station's time `target_ms`, in order."""
        clock = self
        while not clock.stands and (due := clock._due()) is not None and due <= target_ms:
            clock, rung = clock._happen(due)
            bells += rung
        return Step(clock if clock.stands else replace(clock, at_ms=target_ms), bells)

    def _due(self) -> int | None:
        """The station's time of what comes next in this phase."""
        if self.phase in ("READ", "FEEDBACK"):
            return self._end(self.phase)
        if self.phase == "LINGER" and (self.stopped or self.limits.task_ms is None):
            return self.at_ms
        own = [self._next_bell()]
        if self.phase == "STOP":
            own.append(self.began_ms + (0 if self.over else self.limits.grace_ms))
        return min((due for due in own if due is not None), default=None)

    def _end(self, phase: Phase) -> int | None:
        length = self.limits.read_ms if phase == "READ" else self.limits.feedback_ms
        return None if length is None else self.began_ms + length

    def _end_of_task(self) -> int | None:
        return None if self.limits.task_ms is None else self.start_ms + self.limits.task_ms

    def _next_bell(self) -> int | None:
        """The station's time of the next warning, or of the bell at the end."""
        end = self._end_of_task()
        if end is None or self.stopped:
            return None
        left = self.limits.warn_ms[self.warned :]
        return end - left[0] if left else end

    def _happen(self, due: int) -> Step:
        """What is due at that time."""
        at = replace(self, at_ms=due)
        if self.phase == "READ":
            return at._to("READY", due)._begun(())
        if self.phase == "FEEDBACK":
            return Step(at._to("CLOSED", due), (Bell("close", due),))
        if self._next_bell() == due:
            return at._ring()
        if self.phase == "STOP":
            return Step(at._to("LINGER", due))
        last = () if self.stopped else (Bell("stop", due, self.limits.feedback_ms),)
        return Step(replace(at, stopped=True)._to("FEEDBACK", due), last)

    def _ring(self) -> Step:
        """A warning, or the bell at the end of the task."""
        if self.warned < len(self.limits.warn_ms):
            bell = Bell("warning", self.at_ms, self.limits.warn_ms[self.warned])
            return Step(replace(self, warned=self.warned + 1), (bell,))
        bell = Bell("stop", self.at_ms, self.limits.feedback_ms)
        rung = replace(self, stopped=True)
        return Step(rung._to("STOP", self.at_ms) if self.phase == "RUN" else rung, (bell,))

    def _begun(self, bells: tuple[Bell, ...]) -> Step:
        """From READY into the task, if all stands ready."""
        if self.phase != "READY" or not self.is_ready:
            return Step(self, bells)
        begun = replace(self._to("RUN", self.at_ms), start_ms=self.at_ms)
        return begun._run_to(self.at_ms, (*bells, Bell("start", self.at_ms, self.limits.task_ms)))

    def _to(self, phase: Phase, at_ms: int) -> "StationClock":
        return self if phase == self.phase else replace(self, phase=phase, began_ms=at_ms)


def restored(limits: Limits, rung: Sequence[Bell], at_ms: int, over: bool) -> StationClock:
    """The clock as a crash left it: which bells had rung, the station's time, whether the interview was over."""
    bells = {bell.name: bell for bell in rung}
    warned = sum(bell.name == "warning" for bell in rung)
    at_ms = max([at_ms, *(bell.at_ms for bell in bells.values())])
    if "read" not in bells:
        return StationClock(limits)
    clock = StationClock(limits, "READ", at_ms, bells["read"].at_ms, warned=warned, over=over)
    if "start" in bells:
        start_ms = bells["start"].at_ms
        phase: Phase = "LINGER" if over else "RUN"
        clock = replace(clock, phase=phase, began_ms=at_ms if over else start_ms, start_ms=start_ms)
    if "stop" in bells:
        clock = replace(clock, phase="FEEDBACK", began_ms=bells["stop"].at_ms, stopped=True)
    return replace(clock, phase="CLOSED") if "close" in bells else clock
