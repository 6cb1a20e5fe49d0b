"""How well the detector hears held-out lines: recall and false alarms a code. `python bench/detect.py [CODE…] [-v]`."""

import sys
import time
from pathlib import Path

import yaml

from simpatient.detect.detector import Detector

LINES = Path(__file__).parent.parent / "tests" / "techniques"


def entries(items):
    for item in items:
        yield (item, "") if isinstance(item, str) else (item["text"], item.get("after", ""))


def main(argv):
    verbose, wanted = "-v" in argv, [a for a in argv if a != "-v"]
    detector = Detector()
    totals = [0, 0, 0, 0]
    spent = []
    for file in sorted(LINES.glob("*.yaml")):
        if wanted and file.stem not in wanted:
            continue
        data = yaml.safe_load(file.read_text("utf-8"))
        same = {"REFL_S", "REFL_C"} if data["code"] in ("REFL_S", "REFL_C") else {data["code"]}
        counts = []
        for key, want in (("says", True), ("must_not_say", False)):
            right = 0
            for text, after in entries(data[key]):
                began = time.perf_counter()
                codes = {d.code for d in detector.hear(text, after).detections if d.confidence >= 0.5}
                spent.append(time.perf_counter() - began)
                right += bool(codes & same) == want
                if verbose and bool(codes & same) != want:
                    print(f"  {'MISS ' if want else 'ALARM'} {text!r} | {after} -> {sorted(codes)}")
            counts += [right, len(data[key])]
        print(f"{data['code']:12} heard {counts[0]:3}/{counts[1]:3}   kept quiet {counts[2]:3}/{counts[3]:3}")
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    heard, says, quiet, near = totals
    print(f"{'all':12} recall {heard / says:.3f}   near-misses kept quiet {quiet / near:.3f}")
    spent.sort()
    print(
        f"per turn: median {spent[len(spent) // 2] * 1000:.2f} ms, 99 % {spent[len(spent) * 99 // 100] * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
