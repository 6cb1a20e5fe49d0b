"""The station's clock, by tables: what is done at which time, the phase that follows, the bells that ring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatient.grading.station import Timing, profiles
from simpatient.session.limits import Bell, Limits, StationClock, limits, restored

UK = Limits(read_ms=90_000, task_ms=420_000, warn_ms=(60_000,), grace_ms=2_000, feedback_ms=120_000)
LONG = Limits(read_ms=300_000, task_ms=900_000, warn_ms=(180_000, 60_000), grace_ms=2_000, feedback_ms=180_000)
UNTIMED = Limits(None, None, grace_ms=2_000)
NO_READING = Limits(0, 60_000, feedback_ms=0)
ORIGIN = 7_000_000
"""Milliseconds: the monotonic clock begins anywhere."""


def played(limits, *done):
    """Does each (at, what) in turn; the clock, and every bell as (name, at)."""
    clock, rung = StationClock(limits), []
    for at_ms, what in done:
        clock, bells = getattr(clock, what)(ORIGIN + at_ms)
        rung += [(bell.name, bell.at_ms) for bell in bells]
    return clock, rung


BEGUN = [(0, "begin"), (10, "ready")]
OPEN = [("read", 0), ("start", 90_000)]

TABLE = {
    "nothing runs in the brief": (UK, [(0, "tick"), (900_000, "tick")], "BRIEF", []),
    "the first bell": (UK, [(5_000, "begin")], "READ", [("read", 0)]),
    "reading": (UK, [*BEGUN, (89_999, "tick")], "READ", OPEN[:1]),
    "the second bell": (UK, [*BEGUN, (90_000, "tick")], "RUN", OPEN),
    "nobody enters early": (UK, [*BEGUN, (20_000, "enter")], "READ", OPEN[:1]),
    "held until ready": (UK, [(0, "begin"), (95_000, "tick")], "READY", OPEN[:1]),
    "ready late": (UK, [(0, "begin"), (95_000, "tick"), (99_000, "ready")], "RUN", OPEN),
    "no second lost to a late start": (
        UK, [(0, "begin"), (95_000, "tick"), (99_000, "ready"), (458_999, "tick")], "RUN", OPEN,
    ),
    "the warning": (UK, [*BEGUN, (450_000, "tick")], "RUN", [*OPEN, ("warning", 450_000)]),
    "the hard stop": (UK, [*BEGUN, (510_000, "tick")], "STOP", [*OPEN, ("warning", 450_000), ("stop", 510_000)]),
    "the grace": (UK, [*BEGUN, (511_999, "tick")], "STOP", [*OPEN, ("warning", 450_000), ("stop", 510_000)]),
    "the grace is over": (
        UK, [*BEGUN, (512_000, "tick")], "FEEDBACK", [*OPEN, ("warning", 450_000), ("stop", 510_000)],
    ),
    "the sentence ends within the grace": (
        UK, [*BEGUN, (510_500, "tick"), (510_600, "finish")], "FEEDBACK",
        [*OPEN, ("warning", 450_000), ("stop", 510_000)],
    ),
    "the last bell": (
        UK, [*BEGUN, (632_000, "tick")], "CLOSED",
        [*OPEN, ("warning", 450_000), ("stop", 510_000), ("close", 632_000)],
    ),
    "who has finished stays": (UK, [*BEGUN, (200_000, "finish")], "LINGER", OPEN),
    "and hears the bells": (
        UK, [*BEGUN, (200_000, "finish"), (510_000, "tick")], "FEEDBACK",
        [*OPEN, ("warning", 450_000), ("stop", 510_000)],
    ),
    "their feedback begins at the bell": (
        UK, [*BEGUN, (200_000, "finish"), (630_000, "tick")], "CLOSED",
        [*OPEN, ("warning", 450_000), ("stop", 510_000), ("close", 630_000)],
    ),
    "one late look rings all": (
        UK, [*BEGUN, (9_000_000, "tick")], "CLOSED",
        [*OPEN, ("warning", 450_000), ("stop", 510_000), ("close", 632_000)],
    ),
    "two warnings": (
        LONG, [*BEGUN, (1_150_000, "tick")], "RUN",
        [("read", 0), ("start", 300_000), ("warning", 1_020_000), ("warning", 1_140_000)],
    ),
    "a pause stops the time": (UK, [*BEGUN, (100_000, "pause"), (800_000, "tick")], "RUN", OPEN),
    "and what is left goes on after it": (
        UK, [*BEGUN, (100_000, "pause"), (800_000, "resume"), (1_150_000, "tick")], "RUN",
        [*OPEN, ("warning", 450_000)],
    ),
    "paused reading": (UK, [*BEGUN, (60_000, "pause"), (500_000, "resume"), (529_000, "tick")], "READ", OPEN[:1]),
    "a second pause is the same pause": (
        UK, [*BEGUN, (100_000, "pause"), (200_000, "pause"), (800_000, "resume"), (810_000, "tick")], "RUN", OPEN,
    ),
    "what is due at the pause still rings": (UK, [*BEGUN, (90_000, "pause")], "RUN", OPEN),
    "nothing to pause before the first bell": (
        UK, [(0, "pause"), (10, "begin"), (20, "ready"), (90_010, "tick")], "RUN", OPEN,
    ),
    "closed is closed": (UK, [*BEGUN, (100_000, "close"), (900_000, "tick")], "CLOSED", OPEN),
    "without limits the candidate enters": (
        UNTIMED, [*BEGUN, (7_000, "enter")], "RUN", [("read", 0), ("start", 7_000)],
    ),
    "without limits nothing ends by itself": (
        UNTIMED, [*BEGUN, (7_000, "enter"), (99_000_000, "tick")], "RUN", [("read", 0), ("start", 7_000)],
    ),
    "without limits nobody lingers": (
        UNTIMED, [*BEGUN, (7_000, "enter"), (60_000, "finish")], "FEEDBACK",
        [("read", 0), ("start", 7_000), ("stop", 60_000)],
    ),
    "without reading": (NO_READING, BEGUN, "RUN", [("read", 0), ("start", 0)]),
    "without time for feedback": (
        NO_READING, [*BEGUN, (50_000, "finish"), (60_010, "tick")], "CLOSED",
        [("read", 0), ("start", 0), ("stop", 60_000), ("close", 60_000)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("limits", "done", "phase", "bells"), TABLE.values(), ids=TABLE)
def test_the_clock_by_table(limits, done, phase, bells):
    """What was done leads to this phase, and these bells rang, each at its own time."""
    clock, rung = played(limits, *done)

    assert (clock.phase, rung) == (phase, bells)


@pytest.mark.parametrize(
    ("reading", "task", "start", "stop"),
    [(1, 1, 90_000, 510_000), (1.25, 1, 112_500, 532_500), (1, 1.5, 90_000, 720_000), (2, 2, 180_000, 1_020_000)],
)
def test_extra_time_is_granted_for_reading_and_task_apart(reading, task, start, stop):
    """A multiplier of one leaves the other as it is, and warnings stay as long before the end."""
    _, rung = played(limits(profiles()["osce-uk"].extended(reading, task)), *BEGUN, (stop, "tick"))

    assert dict(rung) == {"read": 0, "start": start, "warning": stop - 60_000, "stop": stop}


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (profiles()["osce-uk"], UK),
        (profiles()["osce-long"], LONG),
        (profiles()["practice"], UNTIMED),
        (Timing(1.5, 30, (60, 10), 0.25, 2), Limits(1_500, 30_000, (10_000,), 250, 2_000)),
    ],
)
def test_a_stations_times(timing, expected):
    """Seconds become milliseconds; a warning before the task begins is left out."""
    assert limits(timing) == expected


def test_bells_say_how_much_is_left():
    """The reading, the task, the warning, the feedback: each in milliseconds."""
    clock, bells = StationClock(UK, is_ready=True).begin(0)
    clock, more = clock.tick(510_000)

    assert [(b.name, b.left_ms) for b in bells + more] == [
        ("read", 90_000), ("start", 420_000), ("warning", 60_000), ("stop", 120_000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("at_ms", "left"), [(10, 89_990), (89_000, 1_000), (90_000, 420_000), (500_000, 10_000), (520_000, 112_000)]
)
def test_what_is_left(at_ms, left):
    """Until the bell that ends what is going on."""
    clock, _ = played(UK, *BEGUN, (at_ms, "tick"))

    assert clock.left_ms == left


def test_a_clock_that_goes_back_changes_nothing():
    """A time before the last one counts as none passed."""
    clock, _ = played(UK, *BEGUN, (50_000, "tick"), (40_000, "tick"))

    assert (clock.phase, clock.at_ms) == ("READ", 50_000)


ACTS = st.sampled_from(["tick", "tick", "tick", "enter", "finish", "pause", "resume"])
STEPS = st.lists(st.tuples(st.integers(0, 60_000), ACTS), max_size=40)
ORDER = ("BRIEF", "READ", "READY", "RUN", "STOP", "LINGER", "FEEDBACK", "CLOSED")


@given(STEPS)
def test_whatever_is_done_phases_and_bells_keep_their_order(steps):
    """Phases only follow one another, no bell rings twice, and none rings out of its order."""
    clock, now, rung, phases = StationClock(UK), 0, [], []
    for passed, what in [(0, "begin"), (0, "ready"), *steps]:
        now += passed
        clock, bells = getattr(clock, what)(now)
        rung += bells
        phases.append(ORDER.index(clock.phase))

    names = [bell.name for bell in rung]
    assert phases == sorted(phases)
    assert names == ["read", "start", "warning", "stop", "close"][: len(names)]
    assert [b.at_ms for b in rung] == sorted(b.at_ms for b in rung)


@given(STEPS, st.integers(0, 300_000))
def test_a_crash_changes_no_later_bell(steps, passed):
    """Restored from its bells and its time, the clock rings what it would have rung, at the same times of the station.

    After the bell at the end the grace that was used is not remembered; the feedback may be longer by it.
    """
    clock, now, rung = StationClock(UK), 0, []
    for more, what in [(0, "begin"), (0, "ready"), *steps, (0, "resume")]:
        now += more
        clock, bells = getattr(clock, what)(now)
        rung += bells

    again = restored(UK, rung, clock.at_ms, clock.over)
    _, bells = clock.tick(now + passed)
    again, first = again.ready(0)
    _, later = again.tick(passed)

    def without_close(found):
        return [bell for bell in found if bell.name != "close"]

    assert without_close(first + later) == without_close(bells)


def test_a_crash_before_the_first_bell_begins_anew():
    """Nothing had rung: the brief."""
    assert restored(UK, [], 0, False) == StationClock(UK)


@pytest.mark.parametrize(
    ("rung", "over", "phase"),
    [
        (["read"], False, "READ"),
        (["read", "start"], False, "RUN"),
        (["read", "start"], True, "LINGER"),
        (["read", "start", "warning", "stop"], True, "FEEDBACK"),
        (["read", "start", "warning", "stop", "close"], True, "CLOSED"),
    ],
)
def test_the_phase_after_a_crash(rung, over, phase):
    """The bells say where it was."""
    times = {"read": 0, "start": 90_000, "warning": 450_000, "stop": 510_000, "close": 632_000}
    bells = [Bell(name, times[name]) for name in rung]

    assert restored(UK, bells, bells[-1].at_ms + 500, over).phase == phase
