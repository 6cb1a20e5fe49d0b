"""Sets the thresholds of the semantic matcher on speakers it has not learned from: `python training/tune.py`.

Each code has two: how probable it must be where a cue fires too, and where the matcher hears it alone. Every pair of a
coarse grid is tried with the whole detector, and the one taken that hears most and is wrong least, a false accusation
counting most. Then the confidence of what the matcher hears alone is calibrated. Writes labels.json and the card.
"""

import json
import sys
from pathlib import Path

import numpy
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.detect import ONE_CODE
from simpatient.detect.detector import Detector
from simpatient.detect.semantic import FOLDER, Semantic

USUAL, USUAL_HURT = (0.02, 0.6), (0.5, 0.8)
"""Where there is nothing to choose by."""
GRID = [(low, high) for low in (0.02, 0.2) for high in (0.5, 0.6, 0.7, 0.8, 0.9)]
GRID_HURT = [(low, high) for low in (0.05, 0.15, 0.5, 0.8) for high in (0.6, 0.7, 0.8, 0.9, 0.95)]
COST, COST_HURT, COST_TALK = 1.5, 4.0, 10.0
"""Of a share of false alarms, over the same share of misses: at near-misses, of mistakes, and in neutral talk, where
one code in fifty may be wrong in no more than one line in two thousand."""
AWAY = 0.2
"""Cost of going away from the usual threshold by 1: a code alone has few lines."""
FEW = 5
"""Near-misses added to a code's own, so that a few do not look like many."""


class Remembering(Semantic):
    """The matcher, which hears each text once."""

    def __init__(self):
        super().__init__()
        self._known = {}

    def probabilities(self, texts, afters):
        pairs = list(zip(texts, afters, strict=True))
        if new := [pair for pair in dict.fromkeys(pairs) if pair not in self._known]:
            found = super().probabilities([text for text, _ in new], [after for _, after in new])
            self._known.update(zip(new, found, strict=True))
        return numpy.stack([self._known[pair] for pair in pairs])


def tried(detector, code, lines):
    """(true lines heard, true lines, near-misses that fired, near-misses) of a code."""
    same = ONE_CODE.get(code, {code})
    heard, counts = [0, 0], [0, 0]
    for text, after, _, _, _, _, near in lines:
        found = {d.code for d in detector.hear(text, after).detections if d.confidence >= 0.5}
        counts[near] += 1
        heard[near] += bool(found & same)
    return heard[0], counts[0], heard[1], counts[1]


def in_talk(semantic, lines):
    """(lines, codes): how probable each code is in neutral talk."""
    heard = [semantic.hear(text, after).most for text, after, *_ in lines]
    return numpy.array([[most[code] for code in semantic.codes] for most in heard])


def deaf(detector, technique):
    """Whether an example that the pack itself gives is not heard."""
    same = ONE_CODE.get(technique.code, {technique.code})
    return not all(same & {d.code for d in detector.hear(text).detections} for text in technique.says)


def chosen(detector, technique, lines, talk):
    """((low, high), what came of it) of a code; `talk` is how probable it is in lines of neutral talk."""
    semantic, code, hurts = detector.semantic, technique.code, technique.pull == "hurt"
    usual, cost = (USUAL_HURT, COST_HURT) if hurts else (USUAL, COST)

    def worth(pair):
        semantic.with_cue[code], semantic.alone[code] = pair
        heard, says, alarms, near = tried(detector, code, lines)
        costs = cost * alarms / (near + FEW) + COST_TALK * float((talk >= pair[1]).mean())
        return heard / max(1, says) - costs - AWAY * abs(pair[1] - usual[1]) - deaf(detector, technique)

    best = max(GRID_HURT if hurts else GRID, key=worth)
    semantic.with_cue[code], semantic.alone[code] = best
    return best, tried(detector, code, lines)


def calibrated(semantic, lines, thresholds):
    """Slope and offset of the chance that a hit is right, over the distance of its log-odds from the threshold."""
    x, y = [], []
    for text, after, wanted, masked, _, own, _ in lines:
        (found,) = semantic.probabilities([text], [after])
        for code, probability in zip(semantic.codes, found, strict=False):
            # beside other codes its absence is not labelled surely enough
            if own in (code, "NEUTRAL") and code not in masked and probability >= thresholds[code][1]:
                x.append(odds(probability) - odds(thresholds[code][1]))
                y.append(code in wanted)
    x, y = numpy.array(x), numpy.array(y, float)

    def loss(fit):
        z = fit[0] * x + fit[1]
        return float((numpy.logaddexp(0, z) - y * z).mean())

    fit = minimize(loss, (0.5, 1.0)).x
    print(f"calibration: {fit[0]:.3f} x + {fit[1]:.3f} over {len(x)} hits, {y.mean():.3f} of them right")
    return [round(float(v), 3) for v in fit]


def odds(probability):
    p = min(max(float(probability), 1e-6), 1 - 1e-6)
    return numpy.log(p / (1 - p))


def main(learned_from=None):
    from training import train

    semantic = Remembering()
    detector = Detector(semantic=semantic)
    rules = {rule.technique.code: rule.technique for rule in detector.pack.rules}
    lines = train.corpus(semantic.codes)
    held = [line for line in lines if line[4] in train.DEV_SPEAKERS and line[5] != "BEHAVIOUR"]
    hurts = {code for code in semantic.codes if rules[code].pull == "hurt"}
    for code in semantic.codes:
        semantic.with_cue[code], semantic.alone[code] = USUAL_HURT if code in hurts else USUAL
    thresholds, table = {}, []
    talk = in_talk(semantic, [line for line in held if line[5] == "NEUTRAL"])
    for i, code in enumerate(semantic.codes):
        own = [line for line in held if line[5] == code]
        heard_in_talk = 0 * talk[:, i] if code in train.GENERIC else talk[:, i]
        pair, (heard, says, alarms, near) = chosen(detector, rules[code], own, heard_in_talk)
        thresholds[code] = list(pair)
        table.append(f"| {code} | {says} | {heard / max(1, says):.2f} | {near} | {alarms} | {pair[0]} | {pair[1]} |")
        print(table[-1], flush=True)
    file = FOLDER / "labels.json"
    record = json.loads(file.read_text("utf-8"))
    record |= {"thresholds": thresholds, "calibration": calibrated(semantic, held, thresholds)}
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    seen = learned_from or sum(line[4] not in train.DEV_SPEAKERS for line in lines)
    speakers = ", ".join(sorted(train.DEV_SPEAKERS))
    card = CARD.format(seen=seen, held=len(held), speakers=speakers, digest=record["sha256"], weights=train.WEIGHTS)
    (FOLDER / "CARD.md").write_text(card + "\n".join(table) + "\n", "utf-8")


CARD = """# Model card: the semantic matcher

Hears the techniques of an interview in wordings that no cue knows. all-MiniLM-L6-v2 (Apache-2.0, sha256 {weights})
fine-tuned with an attention pool and a logit a code, int8 per channel; `python training/train.py` makes it. sha256 of
the model: {digest}.

**Data.** `training/corpus`: {seen} lines learned from, {held} lines of the speakers {speakers} held out. Written for
this program; no recording or transcript of a real patient or clinician is in it. Speakers were imagined by few
authors, so that figures on real learners will be lower.

**Use.** One of two layers of the detector. A code is heard where a cue fires and the matcher gives it the lower of two
thresholds, or where the matcher alone gives it the higher one. The confidence of a hit of the matcher alone is the
chance that it is right, as measured on the held-out speakers; it stays below a cue's.

**Limits.** English only. Irony, tone of voice and long context are not seen. Where it hears a mistake, it may be wrong:
the report shows the words, and a person decides.

On the held-out speakers, cues and matcher together, the thresholds chosen on these lines:

| code | true lines | heard | near-misses | that fired | with a cue | alone |
|---|---|---|---|---|---|---|
"""


if __name__ == "__main__":
    main()
