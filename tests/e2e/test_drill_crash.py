"""`kill -9` at any moment of a drill: nothing is lost but the running turn, and the station goes on where it stood."""

import contextlib
import json
import random
import signal
import threading
import time
from collections import Counter

import pytest

from simpatient import places
from simpatient.session.journal import read
from simpatient.session.replay import redecide
from tests.nursery import Child
from tests.starvation import patiently

MOMENTS = 50
LINES = [
    "Hello Tess, I am Doctor Lee. I know it was not your idea to come.",
    "What would make this visit worth it for you?",
    "What do you wish was different at home?",
    "What else would you like to be different?",
    "That sounds really lonely, with nobody on your side.",
    "So you want them to trust you, and to have your evenings back. Is that something we could work on?",
    "Some people your age who feel like that think about dying. Have you had thoughts like that?",
    "It is up to you what we talk about next.",
]
TIMES = {
    "leaves": "{profile: practice}",
    "stays": "{read_s: 15, task_s: 60, warn_s: [20], grace_s: 2, feedback_s: 20}",
    "real": "{read_s: 1, task_s: 6, warn_s: [2], feedback_s: 1}",
}
"""Who has said all leaves: nothing depends on how fast the machine is. Who stays is silent until the last bell."""
SCALE = 60
MARKS = ("BELL", "Tess Moran:", "You: ", "come back?")
"""A line that shows how far a station has come; a crash comes after so many of them, and a little later."""
MOST_MARKS = 8


@pytest.fixture
def station(tmp_path):
    """The teenager's station with short times."""
    text = places.station("teen-first-visit").read_text("utf-8")
    assert "times: {profile: osce-uk}" in text

    def written(kind):
        file = tmp_path / kind / "teen-first-visit.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace("times: {profile: osce-uk}", f"times: {TIMES[kind]}"))
        return file

    return written


class Sitting:
    """A learner at one session, over as many processes as it takes: a line after each answer.

    At the end of the lines they either leave (the input ends), or are silent until the last bell.
    """

    def __init__(self, station, folder, leaves):
        self.station, self.folder, self.leaves = station, folder, leaves
        self.sent = self.answered = 0
        """Lines typed so far, and those whose answer stood on the screen."""

    def events(self, *names):
        return [e for e in read(self.folder).events if e["event"] in names]

    def begun(self):
        """Whether a whole line was written; a crash before that leaves nothing to go on with."""
        file = self.folder / "journal.jsonl"
        return file.exists() and b"\n" in file.read_bytes()

    def sit(self, marks, seconds):
        """Until the process ends (True), or is killed (False) so many seconds after so many marks on the screen."""
        begun = self.begun()
        where = ("--resume", self.folder) if begun else ("--out", self.folder)
        child = Child("drill", self.station, *where, "--typed", "--silent", "--time-scale", SCALE)
        killer = threading.Timer(seconds, child.kill)
        try:
            if marks == 0:
                killer.start()
            with contextlib.suppress(BrokenPipeError):
                self._talk(child, begun, marks, killer)
            child.process.join(60)
            assert child.process.exitcode in (0, -signal.SIGKILL), "".join(self.shown)
            return child.process.exitcode == 0
        finally:
            killer.cancel()
            child.close()

    def _talk(self, child, begun, marks, killer):
        self.sent = len(self.events("heard")) if begun else 0
        said = {e["turn"] for e in self.events("spoke")} if begun else set()
        if self.sent in said:
            self._type(child)
        seen = 0
        self.shown = []
        for line in child.out:
            self.shown.append(line)
            seen += any(mark in line for mark in MARKS)
            if seen == marks and killer.ident is None:
                killer.start()
            if "Tess Moran:" in line:
                self.answered = max(self.answered, self.sent)
                self._type(child)

    def _type(self, child):
        if self.sent == len(LINES):
            if self.leaves:
                child.typed.close()
        else:
            self.sent += 1
            child.typed.write(LINES[self.sent - 1] + "\n")

    def check(self):
        """The journal is readable, at most the running turn is missing, nothing stands twice."""
        if not self.begun():
            assert self.answered == 0
            return
        heard = [e["utterance"]["text"] for e in self.events("heard")]
        assert heard == LINES[: len(heard)]
        assert len(heard) >= self.answered
        assert self.sent - len(heard) <= 1
        assert [e["turn"] for e in self.events("decided")] == list(range(1, len(self.events("decided")) + 1))
        bells = [e["name"] for e in self.events("bell")]
        names = ["read", "start", "stop"] if self.leaves else ["read", "start", "warning", "stop", "close"]
        assert bells == names[: len(bells)]


@pytest.mark.must_show("kill -9 at 50 random moments of a drill: every journal readable, resume works")
def test_a_drill_killed_at_fifty_moments(station, engines, tmp_path):
    """Killed, looked at, gone on with, killed again: every station comes to its feedback with every turn it had."""
    dice = random.Random(6)
    killed, whole, phases, turns = 0, 0, Counter(), 0
    while killed < MOMENTS:
        leaves = whole % 3 != 2
        sitting = Sitting(station("leaves" if leaves else "stays"), tmp_path / f"session-{whole}", leaves)
        while not sitting.sit(
            *((dice.randrange(MOST_MARKS), dice.uniform(0, 0.05)) if killed < MOMENTS else (1000, 60))
        ):
            killed += 1
            phases[_phase(sitting)] += 1
            sitting.check()
        sitting.check()
        assert redecide(read(sitting.folder), engines["teen"]) == []
        whole += 1
        turns += len(sitting.events("heard"))
        assert read(sitting.folder).transcript().ended in ("closed", "walkout") if leaves else ("time", "walkout")
        assert not leaves or len(sitting.events("heard")) == len(LINES)
        assert "stop" in [e["name"] for e in sitting.events("bell")]
        grade = json.loads((sitting.folder / "grade.json").read_text())
        assert grade["sheet"]["station"] == "teen-first-visit"
        assert (sitting.folder / "report.html").exists()
    assert whole >= 3 and turns >= 2 * len(LINES)
    assert phases["start"] >= 10 and phases["stop"], phases


def _phase(sitting):
    """The last bell before the crash."""
    return next((e["name"] for e in reversed(sitting.events("bell"))), "none") if sitting.begun() else "none"


@pytest.mark.must_show("a crash in mid-station resumes at the second, with nothing lost")
def test_a_station_goes_on_at_the_second(station, tmp_path):
    """In real time: killed in the interview, it goes on within a second of where it stood, with the same patient."""
    patiently(lambda folder, seen: _at_the_second(station("real"), folder / "session"), tmp_path)


def _at_the_second(station, folder):
    child = Child("drill", station, "--out", folder, "--typed", "--silent")
    shown = []
    for line in child.out:
        shown.append(line)
        if "BELL" in line and "Read" in line:
            began = time.monotonic()
        if "Tess Moran:" in line:
            child.typed.write(LINES[sum("Tess Moran:" in s for s in shown) - 1] + "\n")
        if sum("Tess Moran:" in s for s in shown) == 3:
            break
    time.sleep(1.7)
    stood = round(1000 * (time.monotonic() - began))
    child.close()

    child = Child("drill", station, "--resume", folder, "--typed", "--silent")
    again = time.monotonic()
    child.typed.close()
    after = child.out.read()
    took = round(1000 * (time.monotonic() - again))
    child.process.join(20)
    events = read(folder).events
    child.close()

    (resumed,) = (e for e in events if e["event"] == "resumed")
    assert resumed["by"] == "restart"
    assert stood - 1_200 <= resumed["at_ms"] <= stood + 100
    assert [e["at_ms"] for e in events if e["event"] == "bell"][:4] == [0, 1_000, 5_000, 7_000]
    assert took >= 7_000 - stood - 100
    assert "Going on in RUN" in after and "What would make" not in after
    assert [e["utterance"]["text"] for e in events if e["event"] == "heard"][:2] == LINES[:2]
