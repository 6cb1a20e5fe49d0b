"""Which of the heard codes were mistakes here, and how heavy each is.

The same code is right for one patient and wrong for another (Cheng 2007): a problem question suits somebody who came of
their own accord, a diagnosis somebody with whom goals are agreed.
"""

from simpatient.detect.context import GOALS_AGREED
from simpatient.detect.pack import Pack
from simpatient.grading.listen import cue, heard, phrases
from simpatient.model import Detection, Turn
from simpatient.persona.load import Patient

SEVERITY = {
    "ABUSE": 5, "SI_AVOID": 3, "TX_EARLY": 3, "CONFRONT": 3, "TRIAL_UNSAFE": 3, "SIDE_WITH": 2, "DX_EARLY": 2,
    "FALSE_HOPE": 2, "PRESSURE": 2, "OPPOSE": 2, "LECTURE": 2, "DISMISS": 2, "PROB_OPEN": 1, "X_GOAL_OBVIOUS": 1,
    "HARD_EARLY": 1, "Q_CHAIN": 1, "MONOLOGUE": 1, "INTERRUPT": 1, "JARGON": 1, "PACE": 1, "DOUBLE_Q": 1, "DEAD_AIR": 1,
}  # fmt: skip
"""Points of the anti-technique load (domain 6.1: ABUSE 5; SI_AVOID, TX_EARLY, CONFRONT 3; others 1 to 2)."""
FORM = frozenset({"Q_CHAIN", "MONOLOGUE", "INTERRUPT", "JARGON", "PACE", "DOUBLE_Q", "DEAD_AIR"})
"""Mistakes of form: noted and weighed, but nothing that asks for an apology."""
OPEN_LOOP = frozenset({"SI_AVOID", "HARD_EARLY", "DEAD_AIR"})
"""Derived codes that rest on what the patient said just before, or whether: in open loop they accuse nobody."""


def is_mistake(code: str, pack: Pack) -> bool:
    """Whether a code can hurt: family X, or a derived mistake."""
    technique = pack.technique(code)
    return code in SEVERITY if technique is None else technique.pull == "hurt"


def mistakes(turn: Turn, patient: Patient, pack: Pack, open_loop: bool = False) -> tuple[Detection, ...]:
    """The detections of a turn that were mistakes with this patient at this time."""
    return tuple(
        d for d in heard(turn)
        if is_mistake(d.code, pack) and _wrong_here(d, turn, patient)
        and not (open_loop and d.layer == "derived" and d.code in OPEN_LOOP)
    )  # fmt: skip


def _wrong_here(d: Detection, turn: Turn, patient: Patient) -> bool:
    persona = patient.persona
    if d.code == "PROB_OPEN":
        return not persona.voluntary and not persona.obvious_goal
    if d.code == "DX_EARLY":
        return not persona.obvious_goal and turn.before.goal_agreement < GOALS_AGREED
    if d.code == "FALSE_HOPE":
        return not any(True for _ in phrases(turn.utterance.text, [cue("<honest>")]))
    return True
