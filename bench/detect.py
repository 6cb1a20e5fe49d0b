"""How well, how fast and how large: the detector on its held-out lines. `python bench/detect.py [CODE…] [-v]`.

Recall and false alarms a code with Wilson intervals, pooled figures, the mistakes apart, also on lines written last
(bench/mistakes.yaml); then the time of a turn of 25 words (both layers, and the cues alone), the time to get ready,
memory, and the time with ten times the taxonomy.
"""

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path

import yaml

from simpatient.detect.detector import Detector
from simpatient.detect.pack import load_pack

LINES = Path(__file__).parent.parent / "tests" / "techniques"
LAST = Path(__file__).with_name("mistakes.yaml")
ONE_CODE = {"REFL_S": {"REFL_S", "REFL_C"}, "REFL_C": {"REFL_S", "REFL_C"}}
"""Simple and complex reflections count as one: experts do not tell them apart either."""
PLAIN = {"OPENQ", "CLOSEDQ", "INFO", "FRAME"}
TURN = (
    "so you have been lying awake most nights and then the whole day is gone before it begins what would you most like "
    "to be different"
)  # 25 words


@dataclass
class Counts:
    """Of one code: true lines heard, near-misses that fired."""

    heard: int = 0
    says: int = 0
    alarms: int = 0
    near: int = 0

    def __add__(self, other):
        return Counts(*(getattr(self, f) + getattr(other, f) for f in ("heard", "says", "alarms", "near")))

    @property
    def recall(self):
        return self.heard / max(1, self.says)

    @property
    def precision(self):
        return self.heard / max(1, self.heard + self.alarms)

    @property
    def false_alarms(self):
        return self.alarms / max(1, self.near)


def wilson(part, whole, z=1.96):
    """The 95 % interval of a share."""
    if not whole:
        return 0.0, 1.0
    p, n = part / whole, whole
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def entries(items):
    for item in items or ():
        yield (item, "") if isinstance(item, str) else (item["text"], item.get("after", ""))


def held_out():
    """(code, true lines, near-misses) of every file of held-out lines; a line is (text, after)."""
    for file in sorted(LINES.glob("*.yaml")):
        data = yaml.safe_load(file.read_text("utf-8"))
        yield data["code"], list(entries(data["says"])), list(entries(data.get("must_not_say")))


def codes_in(detector, text, after):
    return {d.code for d in detector.hear(text, after).detections if d.confidence >= 0.5}


def written_last():
    """The same of the lines that were written last."""
    for code, lines in yaml.safe_load(LAST.read_text("utf-8")).items():
        yield code, list(entries(lines["says"])), list(entries(lines["near"]))


def score(detector, wanted=(), verbose=False, lines=held_out):
    """Counts a code."""
    found = {}
    for code, says, near in lines():
        if code == "NEUTRAL" or (wanted and code not in wanted):
            continue
        same, c = ONE_CODE.get(code, {code}), Counts(says=len(says), near=len(near))
        for text, after in says:
            heard = codes_in(detector, text, after)
            c.heard += bool(heard & same)
            if verbose and not heard & same:
                print(f"  MISS  {text!r} | {after} -> {sorted(heard)}")
        for text, after in near:
            heard = codes_in(detector, text, after)
            c.alarms += bool(heard & same)
            if verbose and heard & same:
                print(f"  ALARM {text!r} | {after} -> {sorted(heard)}")
        found[code] = c
    return found


def neutral_alarms(detector, verbose=False):
    """(lines that carry a starred code, lines) of neutral clinic talk."""
    (lines,) = [says for code, says, _ in held_out() if code == "NEUTRAL"]
    starred = {r.technique.code for r in detector.pack.rules if r.technique.star} - PLAIN
    wrong = [(t, codes_in(detector, t, a) & starred) for t, a in lines if codes_in(detector, t, a) & starred]
    for text, codes in wrong if verbose else ():
        print(f"  ALARM {text!r} -> {sorted(codes)}")
    return len(wrong), len(lines)


def spent(detector, lines):
    """Milliseconds of each line, sorted."""
    detector.hear("warm up please")
    times = []
    for text, after in lines:
        began = time.perf_counter()
        detector.hear(text, after)
        times.append(1000 * (time.perf_counter() - began))
    return sorted(times)


def main(argv):
    verbose, wanted = "-v" in argv, [a for a in argv if a != "-v"]
    began = time.perf_counter()
    detector = Detector()
    detector.hear("ready")
    ready = time.perf_counter() - began
    counts = score(detector, wanted, verbose)
    hurts = {r.technique.code for r in detector.pack.rules if r.technique.pull == "hurt"}
    for code, c in counts.items():
        low, high = wilson(c.heard, c.says)
        print(
            f"{code:12} recall {c.recall:.2f} ({low:.2f}–{high:.2f})  precision {c.precision:.2f}  "
            f"near-misses that fired {c.alarms:2} of {c.near}"
        )
    starred = {r.technique.code for r in detector.pack.rules if r.technique.star}
    for name, those in (("all", set(counts)), ("starred", starred), ("mistakes", hurts)):
        total = sum((c for code, c in counts.items() if code in those), Counts())
        print(
            f"{name:12} recall {total.recall:.3f}  precision {total.precision:.3f}  "
            f"near-misses that fired {total.false_alarms:.3f} ({total.alarms} of {total.near})"
        )
    if wanted:
        return
    last = sum(score(detector, (), verbose, written_last).values(), Counts())
    low, high = wilson(last.alarms, last.near)
    print(
        f"mistakes, lines written last: recall {last.recall:.3f}  near-misses that fired {last.false_alarms:.3f} "
        f"({low:.3f}–{high:.3f}; {last.alarms} of {last.near})"
    )
    wrong, all_neutral = neutral_alarms(detector, verbose)
    print(f"neutral talk with a starred code: {wrong} of {all_neutral}")
    everything = [line for _, says, near in held_out() for line in says + near]
    for name, d in (("both layers", detector), ("cues alone", Detector(semantic=None))):
        all_lines, one = spent(d, everything), spent(d, [(f"{TURN} {i}", "") for i in range(200)])
        print(
            f"{name:12} a turn of 25 words: median {one[100]:.1f} ms; held-out lines: median "
            f"{all_lines[len(all_lines) // 2]:.1f} ms, 99 % {all_lines[len(all_lines) * 99 // 100]:.1f} ms"
        )
    pack = load_pack()
    tenfold = replace(pack, rules=pack.rules * 10)
    one = spent(Detector(tenfold, semantic=None), [(f"{TURN} {i}", "") for i in range(50)])
    print(f"cues alone, ten times the taxonomy: median {one[25]:.1f} ms")
    for words in (500, 2000):
        long = (f"{TURN} " * (words // 25 + 1)).split()[:words]
        print(f"a turn of {words} words: {spent(detector, [(' '.join(long), '')] * 3)[1]:.0f} ms")
    print(f"ready after {ready:.2f} s; memory of detection {memory():.0f} MB")


def memory():
    """Megabytes resident in a process that has heard one turn, less those of bare Python (Linux)."""
    script = "{}print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    hear = "from simpatient.detect.detector import Detector;Detector().hear('how are you');"
    bare, full = (
        int(
            subprocess.run(
                [sys.executable, "-c", script.format(code)], capture_output=True, text=True, check=True
            ).stdout
        )
        for code in ("", hear)
    )
    return (full - bare) / 1000


if __name__ == "__main__":
    main(sys.argv[1:])
