"""A drill over a virtual microphone and loudspeaker: what a candidate hears, and when."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import time

import numpy
import pytest

from simpatient import places
from simpatient.ports.bells import bell
from simpatient.session.journal import read
from simpatient.session.retention import FILES
from tests.audio_devices import RATE, audio_devices, no_audio_devices  # noqa: F401
from tests.starvation import patiently

TEEN = "teen-first-visit"
TOLERANCE = 0.1
"""Seconds that a bell may be early or late."""
ALIKE = 0.1
"""From here on a sound is the bell: under a voice as loud it reaches .35, a voice without it .02."""
QUIET = 0.6
"""Seconds of silence after which a voice or a bell has ended."""


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
                self.lines.append((self._recording.seconds, line))
                self._come.notify_all()

    def await_line(self, text, seconds=120):
        """The moment in which a line with this text came."""
        with self._come:
            assert self._come.wait_for(lambda: self._with(text), seconds), self.lines
            return self._with(text)[0]

    def _with(self, text):
        return [moment for moment, line in self.lines if text in line]

    def await_quiet(self, seconds=20):
        """Until something was heard and nothing is any more."""
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            time.sleep(0.05)
            last = numpy.frombuffer(self._recording.data[-round(2 * RATE * 2 * QUIET) :], "<i2")
            if abs(last[: len(last) // 2]).max() > 100 >= abs(last[len(last) // 2 :]).max():
                return
        raise AssertionError("the loudspeaker never fell silent")

    def press(self, key):
        """As the invigilator does; not at a terminal, so with Enter."""
        self.process.stdin.write(f"{key}\n")
        self.process.stdin.flush()

    def end(self):
        """Nothing more is typed, and the drill ends well."""
        self.process.stdin.close()
        assert self.process.wait(60) == 0, "".join(line for _, line in self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


def rung(heard, name, around):
    """(seconds, likeness 0..1) of the bell in a recording, sought a second around a moment.

    What else sounds there is made white first, so that a voice hides no bell; all its strokes count, so that none is
    taken for another.
    """
    sought = numpy.frombuffer(bell(name).data, "<i2").astype(float)
    first = max(0, round((around - 1) * RATE))
    part = heard[first : round((around + 1) * RATE) + len(sought)]
    size = 2 * len(part)
    there, its = numpy.fft.rfft(part, size), numpy.fft.rfft(sought, size)
    around_hz = numpy.ones(round(300 * size / RATE))
    noise = numpy.convolve(abs(there) ** 2, around_hz / len(around_hz), "same") + 1e6
    found = numpy.fft.irfft(there * its.conj() / noise)[: 2 * RATE]
    most = numpy.sqrt((abs(there) ** 2 / noise).sum() * (abs(its) ** 2 / noise).sum()) * 2 / size
    best = found.argmax()
    return (first + best) / RATE, found[best] / most


@pytest.mark.must_show("a drill over virtual audio: bells at the right second (±100 ms), hard stop, report")
@pytest.mark.must_show("a spoken session's sound is kept with consent only, and with its date")
def test_a_spoken_station(audio_devices, root, tmp_path):  # noqa: F811
    """Bells sound when they should, the spoken words move the patient, the bell ends it, the marks follow."""
    clip = root / "audio_fixtures" / "clips" / "goal-open-1.flac"

    def sit(folder, seen):
        file = station(folder, "{read_s: 2, task_s: 15, warn_s: [4], grace_s: 1, feedback_s: 30}")
        session = folder / "s"
        with audio_devices.recording() as recording, Drill(file, session, recording, "--keep-audio") as drill:
            first = drill.await_line("Read now")
            drill.await_line("Tess Moran:")
            drill.await_quiet()
            audio_devices.speak_file(clip).wait()
            drill.await_line("The interview is over")
            talking = audio_devices.speak_file(clip)  # after the bell nobody is heard
            drill.await_line("Before you see any mark")
            drill.await_quiet()  # the last bell has rung out
            drill.end()
            talking.wait()
        seen.saw(1000 * recording.late)
        bells_rang(drill, read(session).events, recording, first)
        was_heard(session)
        sound_was_kept(session)
        assert (session / "report.html").exists()
        assert any("of 4" in line for _, line in drill.lines)

    patiently(sit, tmp_path)


def bells_rang(drill, events, recording, first):
    """Each where the journal has it, by the loudspeaker's sound; shown as well as heard."""
    heard = numpy.frombuffer(recording.data, "<i2").astype(float)
    due = {e["name"]: e["at_ms"] / 1000 for e in events if e["event"] == "bell"}
    assert due.pop("close", 48) <= 48
    assert due == {"read": 0, "start": 2, "warning": 13, "stop": 17}
    began, _ = rung(heard, "read", first)
    shown = {"read": "Read now", "start": "Go in", "warning": "0:04 left", "stop": "is over. Feed"}
    for name, seconds in due.items():
        at, likeness = rung(heard, name, began + seconds)
        assert likeness > ALIKE, name
        assert at - began == pytest.approx(seconds, abs=TOLERANCE), name
        assert drill.await_line(shown[name]) == pytest.approx(at, abs=2 * TOLERANCE), name


def was_heard(session):
    """What was said before the bell, and nothing after it."""
    events, transcript = read(session).events, read(session).transcript()
    assert transcript.ended == "time"
    assert "GOAL_OPEN" in {d.code for turn in transcript.turns for d in turn.detections}
    spoken = [turn.utterance for turn in transcript.turns if turn.utterance.words]
    assert all(0 < said.start_ms < said.end_ms <= 15_500 for said in spoken)
    stop = [e.get("name") for e in events].index("stop")
    assert sum(e["event"] == "heard" for e in events[stop:]) <= 1  # words said before the bell, written after it


def sound_was_kept(session):
    """The consent, the files, their hashes and their date; what is heard in them once more is what was heard."""
    (consent,) = (e for e in read(session).events if e["event"] == "consent")
    assert (consent["audio"], consent["retain_days"]) == (True, 90)
    about = json.loads((session / "session.json").read_text())
    assert set(about["audio"]) == {"conversation.flac", "learner.flac"} and about["audio_until"] > about["stopped"]
    for name, digest in about["audio"].items():
        assert hashlib.sha256((session / name).read_bytes()).hexdigest() == digest
    assert {stat.S_IMODE(file.stat().st_mode) for file in session.iterdir()} == {0o600}
    assert set(os.listdir(session)) <= set(FILES) - {"learner.pcm", "conversation.pcm"}
    again = [sys.executable, "-m", "simpatient", "replay", session, "--depth", "rehear", "--model", "clinic"]
    done = subprocess.run(again, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.must_show("a drill over virtual audio: hard stop with grace for the patient's sentence")
def test_the_patient_falls_silent_after_the_grace(audio_devices, tmp_path):  # noqa: F811
    """A sentence that runs into the bell goes on for the grace only; with silent bells the voice stays as it is."""

    def sit(folder, seen):
        file = station(folder, "{read_s: 2, task_s: 1, grace_s: 0.8, feedback_s: 30}")
        quiet = ("--bell-volume", 0)
        with audio_devices.recording() as recording, Drill(file, folder / "s", recording, *quiet) as drill:
            start = drill.await_line("Go in")
            drill.await_line("Before you see any mark")
            drill.end()
            time.sleep(1)
        seen.saw(1000 * recording.late)
        heard = numpy.frombuffer(recording.data, "<i2").astype(float)
        loud = numpy.flatnonzero(abs(heard) > 300) / RATE
        assert start - 0.1 < loud[0] < start + 1.0
        assert start + 1.0 < loud[-1] < start + 1.8 + 0.35
        assert read(folder / "s").transcript().ended == "time"
        assert not [name for name in os.listdir(folder / "s") if name.endswith((".flac", ".pcm"))]

    patiently(sit, tmp_path)


@pytest.mark.must_show("only the invigilator pauses a spoken station, and nobody is heard meanwhile")
def test_nobody_is_heard_in_a_pause(audio_devices, root, tmp_path):  # noqa: F811
    """The invigilator's p closes the microphone and stops the time, r opens it again; the words after it count."""
    clips = root / "audio_fixtures" / "clips"

    def sit(folder, seen):
        file = station(folder, "{read_s: 1, task_s: 14, grace_s: 1, feedback_s: 30}")
        with audio_devices.recording() as recording, Drill(file, folder / "s", recording, "--invigilator") as drill:
            drill.await_line("Tess Moran:")
            drill.await_quiet()
            drill.press("p")
            drill.await_line("PAUSED")
            audio_devices.speak_file(clips / "prob-open.flac").wait()
            drill.press("r")
            drill.await_line("GOING ON")
            time.sleep(0.3)
            audio_devices.speak_file(clips / "goal-open-1.flac").wait()
            drill.await_line("Before you see any mark")
            drill.end()
        seen.saw(1000 * recording.late)
        found = read(folder / "s")
        codes = {d.code for turn in found.transcript().turns for d in turn.detections}
        assert "GOAL_OPEN" in codes and "PROB_OPEN" not in codes
        assert [e["at_ms"] for e in found.events if e["event"] == "bell"][:3] == [0, 1_000, 15_000]
        (paused,) = (e for e in found.events if e["event"] == "paused")
        assert 1_000 < paused["at_ms"] < 15_000

    patiently(sit, tmp_path)


def test_no_station_begins_without_a_microphone(no_audio_devices, tmp_path):  # noqa: F811
    """Without a microphone one line says so, and no station begins."""
    command = [sys.executable, "-m", "simpatient", "drill", TEEN, "--silent", "--model", "clinic", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    assert done.returncode == 3
    assert done.stderr.startswith("simpatient: no microphone")
    assert not (tmp_path / "journal.jsonl").exists()
