"""From a transcript to a grade: the figures, the moments worth another look, what must never be averaged away."""

from simpatient.detect.pack import Pack
from simpatient.grading.measures import RISK, is_mistake, measures
from simpatient.model import Grade, Moment, Transcript, Turn
from simpatient.outcome import second_visit, sentence
from simpatient.persona.load import Patient

SHOWN = 3
"""Moments of a kind that a learner is shown."""
NOTABLE = 0.01
"""Change of the second-visit likelihood below which a turn is no moment."""


def grade(transcript: Transcript, patient: Patient, pack: Pack) -> Grade:
    """The grade of a session; the same transcript always gives the same one."""
    end = transcript.turns[-1].after if transcript.turns else transcript.start
    return Grade(
        persona=patient.id,
        outcome=sentence(patient.persona.name, end, transcript.ended),
        second_visit=second_visit(end, transcript.ended),
        marks=measures(transcript, patient, pack),
        moments=_moments(transcript.turns, pack),
        concerns=_concerns(transcript, patient),
    )


def _moments(turns: tuple[Turn, ...], pack: Pack) -> tuple[Moment, ...]:
    moved = sorted(turns, key=lambda t: (-_gain(t), t.no))
    strong = [_moment(t, "strong", pack) for t in moved[:SHOWN] if _gain(t) > NOTABLE]
    turning = [_moment(t, "turning", pack) for t in reversed(moved[-SHOWN:]) if _hurt(t, pack)]
    return tuple(sorted(strong + turning, key=lambda m: m.turn))


def _gain(turn: Turn) -> float:
    return second_visit(turn.after) - second_visit(turn.before)


def _hurt(turn: Turn, pack: Pack) -> bool:
    return any(is_mistake(d.code, pack) for d in turn.detections)


def _moment(turn: Turn, kind: str, pack: Pack) -> Moment:
    bad = kind == "turning"
    codes = [
        d.code
        for d in turn.detections
        if is_mistake(d.code, pack) == bad and d.code not in ("OPENQ", "CLOSEDQ", "FACIL")
    ]
    names = [t.name.lower() if (t := pack.technique(c)) else DERIVED_NAMES.get(c, c) for c in codes]
    advice = [a for c in codes if (a := (t.instead if (t := pack.technique(c)) else DERIVED_ADVICE.get(c, "")))]
    return Moment(
        turn.no,
        "turning" if bad else "strong",
        turn.utterance.text,
        ", ".join(names),
        advice[-1] if bad and advice else "",
    )


DERIVED_NAMES = {
    "TX_EARLY": "treatment offered before goals were agreed",
    "X_GOAL_OBVIOUS": "a goal question where the goal was plain",
    "HARD_EARLY": "a hard subject before there was a bond",
    "Q_CHAIN": "a run of closed questions",
    "MONOLOGUE": "a very long turn",
}
DERIVED_ADVICE = {
    "TX_EARLY": "Agree on what the person wants first; a step is welcome once it serves their own goal.",
    "X_GOAL_OBVIOUS": "Where the goal is plain, say what you found and what helps.",
    "HARD_EARLY": "Leave the hard subject for a second visit, unless somebody is at risk.",
    "Q_CHAIN": "Give something back between questions: what you heard, or that it makes sense.",
    "MONOLOGUE": "Say less; ask, and wait.",
}


def _concerns(transcript: Transcript, patient: Patient) -> tuple[str, ...]:
    codes = {d.code for t in transcript.turns for d in t.detections}
    found = []
    if patient.persona.risk and not codes & set(RISK):
        found.append("Suicide was never asked about, though this patient is at risk.")
    if patient.persona.risk:
        found.append("Agreement is not safety: risk assessment, supervision and a safety plan are still needed.")
    if "SI_AVOID" in codes:
        found.append("The subject of suicide was avoided.")
    if "FALSE_HOPE" in codes:
        found.append("Something was promised that nobody can promise.")
    if "ABUSE" in codes:
        found.append("The patient was insulted; please talk this over with a supervisor.")
    return tuple(found)
