"""What grading costs, and whether it scales: `python bench/grade.py [--model NAME|DIR] [--voices] [FILE…]`.

Prints, over the shipped takes joined to interviews of 15 minutes, or the files named: grading on one core over the bare
recogniser on the same sound (CPU seconds, goal at most 1.05), the wall time with one and with two processes, the time
to grade a journal of 60 turns, as in a 15-minute station (goal under 200 ms), and the size of its page (goal under
1.5 MB). `--voices` prints instead how often two voices are suspected: in the takes, which hold one, and in
conversations of the takes' voices with the patients' as mono mixes.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from multiprocessing import active_children
from pathlib import Path

import numpy
import soundfile

from simpatient.cli import common
from simpatient.cli.grade import Asked, grader, run_grade
from simpatient.ports import RATE
from simpatient.ports.recordings import blocks
from simpatient.ports.voices import Voices
from simpatient.session.grading_run import Unit, Wishes
from simpatient.session.journal import Journal
from simpatient.session.outputs import REPORT, write_outputs
from simpatient.session.runner import Session
from simpatient.session.turns import turns

FIXTURES = Path(__file__).parent.parent / "audio_fixtures"
STATION = "teen-first-visit"
INTERVIEW_S = 15 * 60
ROUNDS = 2


def recordings():
    return sorted(FIXTURES.glob("takes/*.flac")) + sorted(FIXTURES.glob("demo/*.flac"))


def joined(files, folder, number):
    """An interview of 15 minutes made of recordings, beginning with another one each time."""
    target, seconds = folder / f"interview-{number}.flac", 0.0
    with soundfile.SoundFile(target, "w", RATE, 1, format="FLAC") as out:
        for n in range(1_000):
            sound = numpy.frombuffer(b"".join(blocks(files[(number + n) % len(files)])), "<i2")
            out.write(sound)
            out.write(numpy.zeros(2 * RATE, "int16"))
            seconds += len(sound) / RATE + 2
            if seconds >= INTERVIEW_S:
                return target


def spent():
    """CPU seconds of this process and, on Linux, of the recogniser's own, if it has one."""
    ticks = 0
    for child in active_children():
        with contextlib.suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


class Timed:
    """A recogniser that counts its own CPU seconds, without those of the blocks it is given."""

    def __init__(self, ears):
        self.ears, self.name, self.digest, self.seconds = ears, ears.name, ears.digest, 0.0

    def listen(self, sound):
        heard = self.ears.listen(self._given(sound))
        while True:
            began, self._outside = spent(), 0.0
            segment = next(heard, None)
            self.seconds += spent() - began - self._outside
            if segment is None:
                return
            yield segment

    def _given(self, sound):
        source = iter(sound)
        while True:
            began = time.process_time()
            block = next(source, None)
            self._outside += time.process_time() - began
            if block is None:
                return
            yield block


def cost(asked, files, folder):
    """CPU seconds of grading over those of reading and recognising alone, both of one run, since the speed of
    a busy machine changes from one to the next.
    """
    grade = grader(asked)
    grade(Unit(recordings()[0], folder / "warm-up", "", ""), lambda seconds: None)
    grade._ears = ears = Timed(grade._ears)
    ratios = []
    for number in range(ROUNDS):
        file = files[number % len(files)]
        ears.seconds, began = 0.0, spent()
        grade(Unit(file, folder / f"cost-{number}", "", ""), lambda seconds: None)
        full = spent() - began
        began = time.process_time()
        for _ in blocks(file):
            pass
        bare = ears.seconds + time.process_time() - began
        ratios.append(full / bare)
        print(f"  {file.name}: recogniser {bare:.2f} s, graded {full:.2f} s: {full / bare:.3f}")
    return sum(ratios) / ROUNDS


def scaling(asked, files, folder):
    """Wall seconds with one and with two processes; each loads what it needs."""
    taken = {}
    for jobs in (1, 2):
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            run_grade([str(f) for f in files], asked, out=folder / f"jobs-{jobs}", as_json=False, jobs=jobs)
        taken[jobs] = time.perf_counter() - began
    return taken


def journal_of_60(folder):
    """Seconds that a journal of 60 turns takes to be graded and made a page once all is loaded, the middle of five; and
    the bytes of the page.
    """
    engine = common.engine("teen", 0)
    session = Session(engine, Journal(folder), {"mode": "talk", "voice": "none"})
    with common.recogniser("clinic") as ears:
        said = [u for f in recordings() if "good" in f.name for u in turns(ears.listen(blocks(f)))]
    for number in range(60):
        session.hear(said[number % len(said)])
    session.end("closed")
    times = []
    for _ in range(6):
        began = time.perf_counter()
        write_outputs(folder, engine.patient, engine.detector.pack)
        times.append(time.perf_counter() - began)
    return sorted(times[1:])[2], (folder / REPORT).stat().st_size


def voices():
    """Recordings of one voice and mixed conversations in which two were suspected."""
    from simpatient.ports import Manner
    from simpatient.ports.voice import SpokenVoice
    from simpatient.session.conversation import Conversation, Kept

    alone = [file for file in recordings() if _two(blocks(file))]
    print(f"one voice: suspected in {len(alone)} of {len(recordings())} recordings of a learner alone")
    mouth, caught, mixed = SpokenVoice(), [], 0
    with common.recogniser("clinic") as ears:
        for file in recordings():
            for persona in ("teen", "emergency", "depression", "alcohol"):
                engine = common.engine(persona, 0)
                style, kept, talk = engine.patient.persona.voice, Kept(blocks(file)), Conversation()
                _, now = engine.open()
                for utterance in turns(ears.listen(kept)):
                    talk.learner(utterance, kept)
                    turn, now = engine.hear(now, utterance)
                    reply = turn.reply
                    manner = Manner(reply.rate, reply.pitch, style.gender, style.variant)
                    talk.patient(reply, mouth.say(reply.text, manner))
                    if turn.ended:
                        break
                mixed += 1
                found = _two([talk.sound().data[i : i + 3200] for i in range(0, len(talk.sound().data), 3200)])
                print(f"  {file.stem} with {persona}: {found or 'not suspected'}", flush=True)
                caught += [found] if found else []
    mouth.close()
    print(f"two voices: suspected in {len(caught)} of {mixed} mono mixes")


def _two(sound):
    heard = Voices(sound)
    for _ in heard:
        pass
    return heard.two()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--model", default="clinic")
    parser.add_argument("--voices", action="store_true")
    given = parser.parse_args()
    if given.voices:
        voices()
        return
    asked = Asked(None, STATION, None, given.model, Wishes(assume_clinician=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = given.files or [joined(recordings(), folder, n) for n in range(2)]
        ratio = cost(asked, files, folder)
        sys.stdout.flush()
        print(f"grading over the bare recogniser, one core: {ratio:.3f} (goal at most 1.05)")
        seconds = scaling(asked, files, folder)
        print(f"{len(files)} files: 1 process {seconds[1]:.1f} s, 2 processes {seconds[2]:.1f} s: "
              f"{seconds[1] / seconds[2]:.2f} times as fast")  # fmt: skip
        took, size = journal_of_60(folder / "sixty")
        print(f"a journal of 60 turns: {1000 * took:.0f} ms (goal under 200)")
        print(f"its page, that of a 15-minute station: {size / 1e6:.2f} MB (goal under 1.5)")


if __name__ == "__main__":
    sys.exit(main())
