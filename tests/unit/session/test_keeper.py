"""The clock's thread: bells journalled and shown when they are due, pauses, a voice that is cut."""

import time
from contextlib import contextmanager

import pytest

from simpatient.errors import OutputError
from simpatient.ports.clock import SystemClock
from simpatient.session.journal import Journal, _event
from simpatient.session.keeper import Keeper
from simpatient.session.limits import Limits, StationClock
from simpatient.session.timing import Timing, last_ms

TIMES = Limits(read_ms=100, task_ms=300, warn_ms=(100,), grace_ms=60, feedback_ms=100)


@contextmanager
def kept(folder, limits=TIMES, **more):
    """A keeper in real time; `shown` are (bell, real milliseconds since the first)."""
    shown, first = [], []

    def show(bell):
        first[:] = first or [time.monotonic()]
        shown.append((bell.name, round(1000 * (time.monotonic() - first[0]))))

    journal, timing = Journal(folder), Timing(folder)
    try:
        with Keeper(StationClock(limits), SystemClock(), journal, timing, show, **more) as keeper:
            yield keeper, shown
    finally:
        journal.close()
        timing.close()


def events(folder):
    file = folder / "journal.jsonl"
    return [_event(file, n, line) for n, line in enumerate(file.read_bytes().splitlines(), 1)]


def sat(keeper):
    keeper.begin()
    keeper.ready()
    keeper.run()
    keeper.wait("CLOSED")


def test_bells_ring_when_they_are_due(tmp_path):
    """Each shown at its moment and journalled with the station's own time."""
    with kept(tmp_path) as (keeper, shown):
        sat(keeper)

    due = {"read": 0, "start": 100, "warning": 300, "stop": 400, "close": 560}
    assert {e["name"]: e["at_ms"] for e in events(tmp_path)} == due
    assert dict(shown) == pytest.approx(due, abs=60)
    assert last_ms(tmp_path) >= 560


def test_a_slow_loudspeaker_is_rung_earlier(tmp_path):
    """By its delay, once a bell; the first bell is waited for."""
    sounded, began = [], time.monotonic()

    def sound(bell):
        sounded.append((bell.name, round(1000 * (time.monotonic() - began))))

    with kept(tmp_path, sound=sound, lead_s=0.08) as (keeper, _):
        sat(keeper)

    assert [name for name, _ in sounded] == ["read", "start", "warning", "stop", "close"]
    assert dict(sounded) == pytest.approx({"read": 0, "start": 100, "warning": 300, "stop": 400, "close": 560}, abs=60)


def test_a_pause_is_journalled_and_stops_the_time(tmp_path):
    """Once a pause, with who made it; what is left is left after it."""
    with kept(tmp_path) as (keeper, shown):
        keeper.begin()
        keeper.ready()
        keeper.run()
        keeper.wait("RUN")
        done = [keeper.pause(), keeper.pause()]
        time.sleep(0.4)
        phase = keeper.phase
        done += [keeper.resume(), keeper.resume()]
        keeper.wait("CLOSED")

    assert done == [True, False, True, False]
    assert phase == "RUN"
    paused, resumed = (e for e in events(tmp_path) if e["event"] in ("paused", "resumed"))
    assert paused["by"] == resumed["by"] == "invigilator"
    assert paused["at_ms"] == resumed["at_ms"]
    assert dict(shown)["stop"] == pytest.approx(800, abs=80)


def test_who_speaks_on_after_the_grace_is_cut_until_silent(tmp_path):
    """Again and again, since a sound may just be beginning; never before the grace is over."""
    cuts = []
    with kept(tmp_path, cut=lambda: cuts.append(time.monotonic())) as (keeper, _):
        keeper.begin()
        keeper.ready()
        keeper.run()
        keeper.wait("STOP")
        stop = time.monotonic()
        time.sleep(0.14)
        keeper.finish()
        count = len(cuts)
        time.sleep(0.1)

    assert 1 <= count == len(cuts)
    assert cuts[0] - stop > 0.04


def test_what_breaks_the_clock_is_told_to_who_asks(tmp_path):
    """A full disk in the clock's thread is no silent end."""
    with kept(tmp_path) as (keeper, _):
        keeper.begin()
        keeper.ready()

        def full(*_, **__):
            raise OutputError("full")

        keeper._journal.add = full
        keeper.run()
        with pytest.raises(OutputError):
            keeper.wait("CLOSED")
