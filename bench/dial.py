"""Does the dial work, and is the talk like real talk? `python bench/dial.py [--in-context] [FIGURE.svg]`.

For each person: 200 learners of five skills at the middle of the dial, 200 average learners over the five steps of the
dial; Spearman's ρ of the outcome with skill and with the dial, over sessions and over the means of the levels. Then the
sanity targets of AnnoMI (domain 5.5), each inside or outside, and a figure with the trajectories. A sentence is heard
once by itself; with --in-context anew after each reply, which takes some minutes.
"""

import sys
from collections import defaultdict
from itertools import pairwise

from simpatient import places
from simpatient.patient.engine import Engine
from simpatient.persona.load import load_patient
from tests.learners import CHANGE, SKILLS, SUSTAIN, OfWords, Remembering, interview, spearman

LEARNERS = 200
DIAL = (1, 2, 3, 4, 5)
AVERAGE, WEAK = 0.6, 0.25
"""Skill of the learners who meet every step of the dial; of the bad ones of AnnoMI, who are clumsy, not cruel."""


def people(detector):
    """Every shipped patient but the control case."""
    for name in places.shipped():
        if name != "foot":
            yield name, load_patient(places.persona(name), detector.pack.codes(), detector.pack.topics)


def by_skill(patient, detector, learners=LEARNERS):
    """(skill, session) of learners of every skill."""
    return [
        (skill := SKILLS[i % len(SKILLS)], interview(Engine(patient, detector, i), skill, i)) for i in range(learners)
    ]


def by_dial(patient, detector, learners=LEARNERS):
    """(difficulty, session) of average learners; the same learners at every step."""
    return [
        (step := DIAL[i % len(DIAL)], interview(Engine(patient, detector, i, step), AVERAGE, i // len(DIAL)))
        for i in range(learners)
    ]


def correlations(pairs):
    """ρ over sessions, and over the means of the levels."""
    levels = defaultdict(list)
    for level, session in pairs:
        levels[level].append(session.outcome)
    means = [sum(v) / len(v) for _, v in sorted(levels.items())]
    single = spearman([level for level, _ in pairs], [s.outcome for _, s in pairs])
    return single, spearman(sorted(levels), means), means


def share(classes):
    """Share of change talk in change and sustain talk, None without either."""
    change, sustain = sum(c in CHANGE for c in classes), sum(c in SUSTAIN for c in classes)
    return change / (change + sustain) if change + sustain else None


def talk(sessions, first, last):
    """The pooled share of change talk in a part of the sessions, given as fractions of their length."""
    cut = [c for s in sessions for c in s.classes[int(first * len(s.classes)) : max(1, int(last * len(s.classes)))]]
    return share(cut) or 0.0


def persistence(sessions):
    """How often sustain talk follows sustain talk."""
    after = [b in SUSTAIN for s in sessions for a, b in pairwise(s.classes) if a in SUSTAIN]
    return sum(after) / max(1, len(after))


def targets(everything):
    """(target, value, low, high) of domain 5.5."""
    good = [s for skill, s in everything if skill == 1.0]
    bad = [s for skill, s in everything if skill == WEAK]
    first = [c for _, s in everything for c in s.classes[:3]]
    return [
        ("share of change talk at the end, good learners", talk(good, 0.8, 1.0), 0.80, 0.95),
        ("share of change talk at the end, bad learners", talk(bad, 0.8, 1.0), 0.30, 0.70),
        ("dip in mid-session, bad learners (start less middle)", talk(bad, 0, 0.2) - talk(bad, 0.4, 0.6), 0.0, 1.0),
        ("sustain talk after sustain talk", persistence([s for _, s in everything]), 0.35, 0.55),
        ("change talk in the first minute (three turns)", sum(c in CHANGE for c in first) / len(first), 0.0, 0.40),
    ]


def figure(trajectories, file):
    """Mean reluctance, hope and agreement a turn, by skill, a panel a person."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "simpatient"
    import matplotlib.pyplot as plt

    rows = -(-len(trajectories) // 4)
    drawing, axes = plt.subplots(rows, 4, figsize=(14, 3 * rows), sharex=True, sharey=True, squeeze=False)
    styles = {0.0: ":", 0.5: "--", 1.0: "-"}
    for axis, (name, pairs) in zip(axes.flat, trajectories.items(), strict=False):
        for skill, style in styles.items():
            sessions = [s.states for level, s in pairs if level == skill]
            for variable, colour in (("reluctance", "#8a3b2c"), ("hope", "#b8860b"), ("goal_agreement", "#1f6f8b")):
                axis.plot(mean_line(sessions, variable), style, color=colour, linewidth=1.5)
        axis.set_title(name)
        axis.set_ylim(0, 1)
    for axis in axes.flat[len(trajectories) :]:
        axis.axis("off")
    drawing.suptitle(
        "Reluctance (red), hope (gold), goals agreed (blue); solid skilled, dashed average, dotted poor learners"
    )
    drawing.tight_layout()
    drawing.savefig(file, metadata={"Date": None})


def mean_line(sessions, variable):
    """The mean a turn; a session that ended early keeps its last value."""
    length = max(map(len, sessions))
    return [sum(getattr(s[min(t, len(s) - 1)], variable) for s in sessions) / len(sessions) for t in range(length)]


def main(argv):
    detector = Remembering() if "--in-context" in argv else OfWords()
    argv = [a for a in argv if not a.startswith("--")]
    everything, trajectories = [], {}
    for name, patient in people(detector):
        skill, dial = by_skill(patient, detector), by_dial(patient, detector)
        everything += skill
        trajectories[name] = skill
        for what, pairs in (("skill", skill), ("dial", dial)):
            single, levels, means = correlations(pairs)
            shown = " ".join(f"{m:.2f}" for m in means)
            print(f"{name:14} {what:5} ρ sessions {single:+.2f}  level means {levels:+.2f}  means {shown}", flush=True)
    for what, value, low, high in targets(everything):
        print(f"{what:55} {value:.2f}  target {low:.2f}–{high:.2f}  {'inside' if low <= value <= high else 'outside'}")
    if argv:
        figure(trajectories, argv[0])


if __name__ == "__main__":
    main(sys.argv[1:])
