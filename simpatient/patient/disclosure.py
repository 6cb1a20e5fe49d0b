"""How much of a topic the patient tells: deflect, partial or full, by openness and technique (domain 4.2)."""

from collections.abc import Mapping

from simpatient.model import AllianceState
from simpatient.patient.dynamics import openness
from simpatient.persona.schema import Depth, Topic

THRESHOLDS = (0.0, 0.25, 0.40, 0.55, 0.70)
"""Openness that a gate asks for, by gate 0 to 4."""
PARTLY = 0.15
"""So far below the threshold the patient still tells a part."""
_BONUS = {"OPENQ": 0.05}
_RISK_BONUS = {
    "SI_ASK": 0.10, "CASE_NORM": 0.20, "CASE_SHAME": 0.20, "CASE_BI": 0.20, "CASE_GA": 0.20, "CASE_SA": 0.20,
    "CASE_DS": 0.20, "CASE_CATCH": 0.20,
}  # fmt: skip
MOST_BONUS = max(_RISK_BONUS.values())
_AGAIN = 0.10


def depth(
    name: str, topic: Topic, gate: int, risk: bool, state: AllianceState, codes: frozenset[str], recent: frozenset[str],
    avoided: bool,
) -> Depth:  # fmt: skip
    """The depth at which `name` is answered.

    `codes` are this turn's, `recent` the topics of the last three turns; `avoided`: the learner has just shied away
    from the subject of suicide, and the patient denies what they had told.
    """
    if risk and avoided:
        return "deflect"
    if f"{name}/full" in state.disclosed:
        return "full"
    room = openness(state) + _bonus(codes, risk) - (_AGAIN if name in recent else 0.0)
    threshold = THRESHOLDS[topic.gate if topic.gate is not None else gate]
    if room >= threshold:
        return "full"
    return "partial" if room >= threshold - PARTLY else "deflect"


def _bonus(codes: frozenset[str], risk: bool) -> float:
    table: Mapping[str, float] = {**_BONUS, **(_RISK_BONUS if risk else {})}
    return max((table[code] for code in codes if code in table), default=0.0)
