"""Where the time goes from sound to answer: `python bench/pipeline.py [--model NAME|DIR] [FILE…]`.

Prints, for the shipped demo's takes or the files named, the seconds of audio that one second of work handles, and the
share of each part: reading and resampling, the recogniser, detection, the patient, the voice, grade and report. Shares
are measured in one run, so they can be compared on any machine. Also: import and --help times of fresh processes.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

from simpatient import places
from simpatient.cli import common
from simpatient.ports.recordings import blocks
from simpatient.ports.voice import SpokenVoice
from simpatient.session.journal import Journal
from simpatient.session.outputs import write_outputs
from simpatient.session.runner import Session
from simpatient.session.turns import turns

SPENT: dict[str, float] = defaultdict(float)


@contextmanager
def timed(part):
    began = time.perf_counter()
    yield
    SPENT[part] += time.perf_counter() - began


def read(file):
    """The blocks of a file; the time of reading counts apart from that of listening."""
    source = blocks(file)
    while True:
        with timed("reading and resampling"):
            block = next(source, None)
        if block is None:
            return
        yield block


def interview(file, ears, folder):
    engine = common.engine("teen", 0)
    mouth = common.Mouth(engine.patient, SpokenVoice())
    session = Session(engine, Journal(folder), {"mode": "bench", "recogniser": {"name": ears.name}, "voice": ""})
    mouth.say(session.opening)
    began, inside = time.perf_counter(), SPENT["reading and resampling"]
    heard = list(turns(ears.listen(read(file))))
    SPENT["recogniser"] += time.perf_counter() - began - (SPENT["reading and resampling"] - inside)
    for utterance in heard:
        with timed("detection alone (part of the patient)"):
            engine.detector.hear(utterance.text)
        with timed("patient and journal"):
            turn = session.hear(utterance)
        with timed("voice"):
            mouth.say(turn.reply)
        if turn.ended:
            break
    session.end("closed")
    with timed("grade and report"):
        write_outputs(folder, engine.patient, engine.detector.pack)
    mouth.close()
    return sum(len(b) for b in blocks(file)) / 32_000


def fresh(*command):
    """The median of five fresh processes, in seconds."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return sorted(times)[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--model", default="clinic")
    asked = parser.parse_args()
    files = asked.files or sorted(places.demo().glob("*.flac"))
    audio = 0.0
    with common.recogniser(asked.model) as ears, tempfile.TemporaryDirectory() as folder:
        interview(files[0], ears, Path(folder) / "warm-up")  # imports and first use are no part of the pipeline
        SPENT.clear()
        for number, file in enumerate(files):
            audio += interview(file, ears, Path(folder) / str(number))
        print(ears.about)
    parts = {name: s for name, s in SPENT.items() if "part of" not in name}
    total = sum(parts.values())
    print(f"{audio:.0f} s of audio in {total:.2f} s of work: {audio / total:.1f} s of audio per second of work")
    for name, seconds in sorted(SPENT.items(), key=lambda item: -item[1]):
        print(f"  {name:40} {seconds:7.3f} s  {100 * seconds / total:5.1f} %")
    rest = total - parts["recogniser"]
    print(f"everything beside the recogniser: {100 * rest / total:.1f} %")
    bare = fresh("-c", "pass")
    print(f"import simpatient: {fresh('-c', 'import simpatient') - bare:.3f} s")
    print(f"simpatient --help: {fresh('-m', 'simpatient', '--help'):.3f} s")


if __name__ == "__main__":
    main()
