"""Was it right here? Derived codes, and the row of the dynamics that each code takes: by situation, not by words.

The same words are right for one patient and wrong for another (Cheng 2007): a problem question suits a hurt foot and
insults a teenager who was dragged in; offering treatment suits after goals are agreed and drives out before.
"""

from dataclasses import dataclass, replace

from simpatient.detect.detector import Hearing
from simpatient.model import Detection

GOALS_AGREED = 0.45
EARLY_BOND = 0.40
LONG_TURN, LONG_SECONDS = 120, 45
"""Words and seconds beyond which a turn is a monologue (AnnoMI: 95th percentile 89 to 100 words)."""
FAST, STEADY = 200, 5
"""Words a minute that are too fast, and seconds of speech from which the pace can be told."""
CHAIN = 4
"""Closed questions in a row, with nothing given back, that make an interrogation."""
_HARD = frozenset({"alcohol", "cannabis", "drugs", "irritability"})
_GOAL_QUESTIONS = frozenset({"GOAL_OPEN", "GOAL_WISH", "GOAL_MORE", "GOAL_ECHO", "MIRACLE", "SCALE"})
_GIVES_BACK = frozenset({"REFL_S", "REFL_C", "VALIDATE", "SUMMARY", "STRENGTH", "AUTON", "EXTERN", "GOAL_BRIDGE"})
_NEUTRAL = frozenset({"OPENQ", "CLOSEDQ", "INFO", "FRAME", "PROB_OPEN", "FACIL", "Q_CHAIN"})
_OFFERS = frozenset({"TRIAL", "TASK_OFFER", "ALT_TASK", "SIDE_FX"})
_STEPS = frozenset({"TRIAL", "TASK_DEAL", "TASK_OFFER", "ALT_TASK"})
_FREELY = frozenset({"GOAL_PACT", "TASK_DEAL", "TRIAL", "GOAL_BRIDGE"})


@dataclass(frozen=True)
class Context:
    """What the words alone do not say."""

    voluntary: bool = True
    obvious_goal: bool = False
    goal_agreement: float = 0.0
    bond: float = 0.5
    pros_heard: bool = False
    hinted: bool = False
    """The patient has just spoken of dying or hurting themselves."""
    closed_run: int = 0
    """Closed questions in a row before this turn."""
    raised: frozenset[str] = frozenset()
    """Topics that the patient has already told something about."""
    interrupting: bool = False
    """The learner began to speak while the patient was speaking."""
    danger: bool = False
    """What the learner may mean to go on with for a while is dangerous."""
    seconds: float = 0.0
    """How long the learner spoke; 0 where that is not known."""


@dataclass(frozen=True)
class Judged:
    """A detection that counts, and the row of the dynamics it takes."""

    detection: Detection
    row: str


def judge(hearing: Hearing, context: Context, text: str) -> tuple[Judged, ...]:
    """Every detection of the turn in the order of the words, derived ones among them, each with its row or ''.

    A row of '' means: heard, but it moves nothing here (a derived code stands in its place).
    """
    codes = {d.code for d in hearing.detections}
    judged = [_in_place(d, context, codes) for d in hearing.detections]
    added = [*_of_situation(hearing, context, codes), *_of_form(hearing, context, codes, text)]
    judged += [Judged(d, d.code) for d in added]
    return tuple(sorted(judged, key=lambda j: (j.detection.start, j.detection.layer == "derived", j.detection.code)))


def _in_place(d: Detection, context: Context, codes: set[str]) -> Judged:
    if d.code == "PROB_OPEN":
        kind = "/obvious" if context.obvious_goal else "/voluntary" if context.voluntary else ""
        return Judged(d, d.code + kind)
    if d.code == "CONS" and not context.pros_heard and "PROS" not in codes:
        return Judged(d, "CONS/first")
    unsafe = context.danger and "TRIAL" in codes and d.code in _STEPS
    if (context.obvious_goal and d.code in _GOAL_QUESTIONS) or unsafe:
        return Judged(d, "")
    if d.code == "TASK_OFFER":
        if context.obvious_goal:
            return Judged(d, "TASK_OFFER/obvious")
        return Judged(d, d.code if context.goal_agreement >= GOALS_AGREED else "")
    if d.code == "DX_EARLY" and (context.obvious_goal or context.goal_agreement >= GOALS_AGREED):
        return Judged(d, "")
    if d.code == "TASK_DEAL" and "GOAL_PACT" in codes and not codes & _OFFERS:
        return Judged(d, "")  # the check of a pact, no step
    if "PRESSURE" in codes and d.code in _FREELY:
        return Judged(d, "")
    return Judged(d, d.code)


def _of_situation(hearing: Hearing, context: Context, codes: set[str]) -> list[Detection]:
    """What is wrong here though the same words are right elsewhere."""
    added = []
    for d in hearing.detections:
        if d.code == "TASK_OFFER" and not context.obvious_goal and context.goal_agreement < GOALS_AGREED:
            added.append(_derived("TX_EARLY", d, "a step offered before goals are agreed"))
        if d.code in _GOAL_QUESTIONS and context.obvious_goal:
            added.append(_derived("X_GOAL_OBVIOUS", d, "a goal question where the goal is obvious"))
        if d.code == "TRIAL" and context.danger:
            added.append(_derived("TRIAL_UNSAFE", d, "a trial of something dangerous"))
    hard = [t for t in hearing.topics if t.name in _HARD and t.name not in context.raised]
    asks = [d for d in hearing.detections if d.code in ("OPENQ", "CLOSEDQ", "CASE_GA")]
    plain = codes <= _NEUTRAL | {"CASE_GA"} and not any(t.risk for t in hearing.topics)
    if hard and asks and context.bond < EARLY_BOND and plain:
        added.append(_derived("HARD_EARLY", asks[0], f"{hard[0].name} raised before there is a bond"))
    if _changes_subject(hearing, context, codes):
        added.append(_derived("SI_AVOID", hearing.detections[0], "changes the subject after a hint of suicide"))
    return added


def _of_form(hearing: Hearing, context: Context, codes: set[str], text: str) -> list[Detection]:
    """Codes that lie in the form and the timing of the turn (domain 2.11)."""
    added = []
    words = len(text.split())
    asks = [d for d in hearing.detections if d.code in ("OPENQ", "CLOSEDQ")]
    whole = Detection("", "derived", 0, len(text), 0.9, "")
    if asks and asks[0].code == "CLOSEDQ" and not codes & _GIVES_BACK and context.closed_run + 1 >= CHAIN:
        added.append(_derived("Q_CHAIN", asks[0], f"closed question number {context.closed_run + 1} in a row"))
    if len(hearing.questions) > 1:
        added.append(replace(whole, code="DOUBLE_Q", cue=f"{len(hearing.questions)} questions in one turn"))
    if words > LONG_TURN or context.seconds > LONG_SECONDS:
        added.append(replace(whole, code="MONOLOGUE", cue=f"a turn of more than {LONG_TURN} words or {LONG_SECONDS} s"))
    if context.seconds >= STEADY and 60 * words / context.seconds > FAST:
        added.append(replace(whole, code="PACE", cue=f"faster than {FAST} words a minute"))
    for start, end in hearing.jargon:
        added.append(Detection("JARGON", "derived", start, end, 0.9, "a word of the clinic"))
    if context.interrupting and "FACIL" not in codes:
        added.append(replace(whole, code="INTERRUPT", cue="spoke while the patient was speaking"))
    if hearing.smalltalk and codes <= _NEUTRAL:
        added.append(Detection("SMALLTALK", "derived", *hearing.smalltalk, 0.9, "small talk"))
    return added


def _changes_subject(hearing: Hearing, context: Context, codes: set[str]) -> bool:
    elsewhere = bool(hearing.topics) and not any(t.risk for t in hearing.topics)
    return context.hinted and bool(codes) and codes <= _NEUTRAL and elsewhere


def _derived(code: str, of: Detection, rule: str) -> Detection:
    return Detection(code, "derived", of.start, of.end, of.confidence, rule)
