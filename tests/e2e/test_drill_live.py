"""A drill over a virtual microphone and loudspeaker: what a candidate hears, and when."""

import os
import subprocess
import sys
import threading
import time

import numpy
import pytest

from simpatient import places
from simpatient.ports.bells import bell
from simpatient.session.journal import read
from tests.audio_devices import RATE, audio_devices, no_audio_devices  # noqa: F401

TEEN = "teen-first-visit"
TOLERANCE = 0.1
"""Seconds that a bell may be early or late."""


def station(folder, times):
    text = places.station(TEEN).read_text("utf-8")
    file = folder / f"{TEEN}.yaml"
    file.write_text(text.replace("times: {profile: osce-uk}", f"times: {times}"))
    return file


class Drill:
    """A running drill; its lines with the moment in which each came, in seconds of the loudspeaker's recording."""

    def __init__(self, file, out, recording, *options):
        command = [sys.executable, "-m", "simpatient", "drill", file, "--model", "clinic", "--out", out, *options]
        self.lines: list[tuple[float, str]] = []
        self._recording = recording
        self._come = threading.Condition()
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._follow)
        self._reader.start()

    def _follow(self):
        for line in self.process.stdout:
            with self._come:
                self.lines.append((len(self._recording.data) / 2 / RATE, line))
                self._come.notify_all()

    def await_line(self, text, seconds=30, times=1):
        """The moment in which a line with this text came the so-many-th time."""
        with self._come:
            assert self._come.wait_for(lambda: len(self._with(text)) >= times, seconds), self.lines
            return self._with(text)[times - 1]

    def _with(self, text):
        return [moment for moment, line in self.lines if text in line]

    def press(self, key):
        """As the invigilator does; not at a terminal, so with Enter."""
        self.process.stdin.write(f"{key}\n")
        self.process.stdin.flush()

    def end(self):
        """Nothing more is typed; the exit code."""
        self.process.stdin.close()
        return self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


def rung(heard, name, around):
    """(seconds, likeness 0..1) of the bell in a recording, sought a second around a moment."""
    sought = numpy.frombuffer(bell(name).data, "<i2").astype(float)[: RATE // 2]
    first = max(0, round((around - 1) * RATE))
    part = heard[first : round((around + 1) * RATE) + len(sought)]
    found = numpy.correlate(part, sought)
    power = numpy.sqrt(numpy.convolve(part**2, numpy.ones(len(sought)), "valid"))
    likeness = found / (power * numpy.sqrt((sought**2).sum()) + 1e6)
    best = likeness.argmax()
    return (first + best) / RATE, likeness[best]


@pytest.mark.must_show("a drill over virtual audio: bells at the right second (±100 ms), hard stop, report")
def test_a_spoken_station(audio_devices, root, tmp_path):  # noqa: F811
    """Bells sound when they should, the spoken words move the patient, the bell ends it, the marks follow."""
    file = station(tmp_path, "{read_s: 3, task_s: 22, warn_s: [6], grace_s: 1, feedback_s: 30}")
    clip = root / "audio_fixtures" / "clips" / "goal-open-1.flac"
    with audio_devices.recording() as recording, Drill(file, tmp_path / "s", recording) as drill:
        first = drill.await_line("Read now", 60)
        start = drill.await_line("Go in")
        for _ in range(4):  # the opening line is still being spoken; what is said meanwhile is not heard
            if start + 12 < len(recording.data) / 2 / RATE:
                break
            audio_devices.speak_file(clip).wait()
            time.sleep(2.5)
        drill.await_line("The interview is over")
        talking = audio_devices.speak_file(clip)  # after the bell nobody is heard
        drill.await_line("Before you see any mark", 60)
        assert drill.end() == 0, drill.lines
        talking.wait()

    events = read(tmp_path / "s").events
    heard = numpy.frombuffer(recording.data, "<i2").astype(float)
    due = {e["name"]: e["at_ms"] / 1000 for e in events if e["event"] == "bell"}
    assert due.pop("close", 56) <= 56
    assert due == {"read": 0, "start": 3, "warning": 19, "stop": 25}
    began, _ = rung(heard, "read", first)
    for name, seconds in due.items():
        at, likeness = rung(heard, name, began + seconds)
        assert likeness > 0.5, name
        assert at - began == pytest.approx(seconds, abs=TOLERANCE), name
    for name, text in (("read", "Read now"), ("start", "Go in"), ("warning", "0:06 left"), ("stop", "is over. Feed")):
        shown = drill.await_line(text)
        assert shown == pytest.approx(rung(heard, name, began + due[name])[0], abs=2 * TOLERANCE), text

    transcript = read(tmp_path / "s").transcript()
    assert transcript.ended == "time"
    assert "GOAL_OPEN" in {d.code for turn in transcript.turns for d in turn.detections}
    assert all(0 < t.utterance.start_ms < t.utterance.end_ms <= 22_500 for t in transcript.turns)
    stop = [e.get("name") for e in events].index("stop")
    assert sum(e["event"] == "heard" for e in events[stop:]) <= 1  # words said before the bell, written after it
    assert (tmp_path / "s" / "report.html").exists()
    assert any("of 4" in line for _, line in drill.lines)


@pytest.mark.must_show("a drill over virtual audio: hard stop with grace for the patient's sentence")
def test_the_patient_falls_silent_after_the_grace(audio_devices, tmp_path):  # noqa: F811
    """A sentence that runs into the bell goes on for the grace only; with silent bells the voice stays as it is."""
    file = station(tmp_path, "{read_s: 2, task_s: 1, grace_s: 0.8, feedback_s: 30}")
    quiet = ("--bell-volume", 0)
    with audio_devices.recording() as recording, Drill(file, tmp_path / "s", recording, *quiet) as drill:
        start = drill.await_line("Go in", 60)
        drill.await_line("Before you see any mark", 60)
        assert drill.end() == 0, drill.lines
        time.sleep(1)

    heard = numpy.frombuffer(recording.data, "<i2").astype(float)
    loud = numpy.flatnonzero(abs(heard) > 300) / RATE
    assert start - 0.1 < loud[0] < start + 1.0
    assert start + 1.0 < loud[-1] < start + 1.8 + 0.35
    assert read(tmp_path / "s").transcript().ended == "time"


def test_nobody_is_heard_in_a_pause(audio_devices, root, tmp_path):  # noqa: F811
    """The invigilator's p closes the microphone and stops the time, r opens it again; the words after it count."""
    file = station(tmp_path, "{read_s: 1, task_s: 14, grace_s: 1, feedback_s: 30}")
    clips = root / "audio_fixtures" / "clips"
    with audio_devices.recording() as recording, Drill(file, tmp_path / "s", recording, "--invigilator") as drill:
        drill.await_line("Go in", 60)
        time.sleep(5)  # the opening line
        drill.press("p")
        drill.await_line("PAUSED")
        audio_devices.speak_file(clips / "prob-open.flac").wait()
        drill.press("r")
        drill.await_line("GOING ON")
        time.sleep(0.3)
        audio_devices.speak_file(clips / "goal-open-1.flac").wait()
        drill.await_line("Before you see any mark", 60)
        assert drill.end() == 0, drill.lines

    events = read(tmp_path / "s").events
    codes = {d.code for turn in read(tmp_path / "s").transcript().turns for d in turn.detections}
    assert "GOAL_OPEN" in codes and "PROB_OPEN" not in codes
    assert [e["at_ms"] for e in events if e["event"] == "bell"][:3] == [0, 1_000, 15_000]
    (paused,) = (e for e in events if e["event"] == "paused")
    assert 5_000 < paused["at_ms"] < 8_000


def test_no_station_begins_without_a_microphone(no_audio_devices, tmp_path):  # noqa: F811
    """Without a microphone one line says so, and no station begins."""
    command = [sys.executable, "-m", "simpatient", "drill", TEEN, "--silent", "--model", "clinic", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    assert done.returncode == 3
    assert done.stderr.startswith("simpatient: no microphone")
    assert not (tmp_path / "journal.jsonl").exists()
