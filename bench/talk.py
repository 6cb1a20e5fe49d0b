"""The whole voice loop over a virtual microphone and loudspeaker, in real time: `python bench/talk.py [--help]`.

Prints, an engine:

- from the end of the learner's speech to the first sample of the answer, both found in recordings of the two devices,
  beside what the floor waited for; the patient's own hesitation is off. The rest is what the loop costs: the
  recogniser's last pass, thinking, speaking, and the time that sound takes through the two devices
- processor time (of one core) and memory of all processes of the program while a learner speaks for a minute
- with the loudspeaker wired to the microphone, whether the patient ever takes its own voice for a learner's, with and
  without headphones

Needs what the tests with sound need (see tests/audio_devices.py) and psutil; about a quarter of an hour.
"""

import argparse
import contextlib
import io
import json
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy
import psutil
import pytest
import soundfile
import soxr
import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from simpatient.cli import live  # noqa: E402
from simpatient.detect.detector import Detector  # noqa: E402
from simpatient.patient.engine import Engine  # noqa: E402
from simpatient.persona.load import load_patient  # noqa: E402
from simpatient.places import personas  # noqa: E402
from simpatient.session.live import Live  # noqa: E402
from tests.audio_devices import RATE, devices  # noqa: E402
from tests.live import AUDIBLE, Talk  # noqa: E402

FOLDER = ROOT / "audio_fixtures" / "clips"
CLIPS = [FOLDER / f"{one['name']}.flac" for one in yaml.safe_load((FOLDER / "clips.yaml").read_text("utf-8"))["clips"]]
GAP_S = 0.15
"""Between two clips of a learner who speaks without end."""


def loud(recording):
    """When there was something audible, by the monotonic clock; the last sample is of now."""
    sound = numpy.frombuffer(recording.data[: len(recording.data) & ~1], "<i2").astype(int)
    return time.monotonic() + (numpy.flatnonzero(abs(sound) > AUDIBLE) - len(sound)) / RATE


@contextlib.contextmanager
def talk(patch, recording, engine, folder, model, **more):
    """What the talk itself prints is left out."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        Talk(patch, recording, engine, Path(folder) / "s", model=model, **more) as held,
    ):
        yield held


def delays(engine, model: str, turns: int) -> None:
    """Each turn is one clip; the answer is awaited."""
    gaps, timed = [], []
    with (
        TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, devices() as sound,
        sound.recording() as out, sound.recording("mic") as into,
    ):  # fmt: skip
        patch.setattr(live, "Live", partial(Live, hesitates=False))
        with talk(patch, out, engine, folder, model) as held:
            assert held.await_(lambda: held.events("spoke"), 60)
            for clip in CLIPS[:turns]:
                held.await_quiet()
                before = len(held.events("spoke"))
                sound.speak_file(clip).wait()
                ended = time.monotonic()
                answered = held.await_(lambda n=before: len(held.events("spoke")) > n, 20)
                held.await_quiet()
                if answered and len(held.events("spoke")) == before + 1:  # not cut in two
                    learner, patient = loud(into), loud(out)
                    end = learner[learner < ended + 0.5][-1]
                    gaps.append(1000 * (patient[patient > end][0] - end))
                    timed.append(last_timed(Path(folder) / "s"))
    print(f"{model}: {len(gaps)} of {turns} turns answered as one; profile quick")
    _row("end of speech to first sample", gaps)
    _row("of it waited on purpose", [line["wait_ms"] for line in timed])
    _row("the rest, as heard at the devices", [g - line["wait_ms"] for g, line in zip(gaps, timed, strict=True)])
    _row("the rest, as the loop counts it", [line["gap_ms"] - line["wait_ms"] for line in timed])
    _row("of it the program's own work", [line["first_ms"] - line["endpoint_ms"] for line in timed])
    held_guesses = sum(line["guess"] == "held" for line in timed)
    print(f"  thought ahead rightly: {held_guesses} of {len(timed)}")


def last_timed(folder):
    """What the session wrote of the last answered turn."""
    lines = (folder / "timing.jsonl").read_text("utf-8").splitlines()
    return [line for line in map(json.loads, lines) if "first_ms" in line][-1]


def _row(name, values) -> None:
    if values:
        low, median, high = numpy.percentile(values, [5, 50, 95])
        print(f"  {name:34} median {median:5.0f} ms   5th {low:5.0f}   95th {high:5.0f}")


def costs(engine, model: str, seconds: float) -> None:
    """While a learner speaks without end."""
    spoken = []
    while sum(map(len, spoken)) < seconds * RATE:
        for clip in CLIPS:
            data, rate = soundfile.read(clip, dtype="float64")
            spoken += [soxr.resample(data, rate, RATE), numpy.zeros(int(GAP_S * RATE))]
    speech = (numpy.concatenate(spoken)[: int(seconds * RATE)] * 32767).astype("<i2").tobytes()
    with (
        TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, devices() as sound,
        sound.recording() as out, talk(patch, out, engine, folder, model, turns="exam") as held,
    ):  # fmt: skip
        assert held.await_(lambda: held.events("spoke"), 60)
        held.await_quiet()
        process = psutil.Process()
        ours = [process, *(p for p in process.children(recursive=True) if "python" in p.name())]
        sound.speak(speech, RATE)
        time.sleep(2.0)
        before, began, memory = [used(p) for p in ours], time.monotonic(), 0
        while time.monotonic() - began < seconds - 4:
            time.sleep(1.0)
            memory = max(memory, sum(p.memory_full_info().pss for p in ours))
        took = time.monotonic() - began
        each = [(used(p) - b) / took for p, b in zip(ours, before, strict=True)]
    print(f"{model}: while listening {sum(each):.0%} of one core ({', '.join(f'{c:.0%}' for c in each)} a process), "
          f"memory {memory / 2**20:.0f} MB")  # fmt: skip


def used(process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def feedback(engine, seconds: float, headphones: bool) -> None:
    with (
        TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, devices() as sound,
        sound.recording() as out,
    ):  # fmt: skip
        sound.wire()
        with talk(patch, out, engine, folder, "clinic", headphones=headphones) as held:
            assert held.await_(lambda: held.events("spoke"), 60)
            time.sleep(seconds)
            said, wrong = len(held.events("spoke")), held.events("heard", "unclear", "interrupted")
    how = "with headphones" if headphones else "half-duplex"
    print(f"wired together for {seconds:.0f} s, {how}: spoke {said} times, heard itself {len(wrong)} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["clinic", "pocketsphinx"], help="Or a Vosk model's folder.")
    parser.add_argument("--turns", type=int, default=30, help="Clips spoken for the delays.")
    parser.add_argument("--seconds", type=float, default=60, help="Of speech for the costs.")
    parser.add_argument("--feedback", type=float, default=300, help="Seconds of the wired devices, each way.")
    asked = parser.parse_args()
    detector = Detector()
    patient = load_patient(personas() / "teen", detector.pack.codes(), detector.pack.topics)
    engine = Engine(patient, detector, seed=0)
    for model in asked.engines:
        delays(engine, model, asked.turns)
        costs(engine, model, asked.seconds)
    for headphones in (False, True) if asked.feedback else ():
        feedback(engine, asked.feedback, headphones)


if __name__ == "__main__":
    main()
