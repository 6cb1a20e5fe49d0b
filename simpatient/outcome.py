"""Would the patient come back? A first interview's chief aim is a second one (Cheng 2007)."""

from math import exp

from simpatient.model import PLACES, AllianceState, Ended


def second_visit(state: AllianceState, ended: Ended | None = None) -> float:
    """Likelihood of a second visit, 0..1; 0 after a walk-out (domain 1.6: design constants, not validated)."""
    if ended == "walkout":
        return 0.0
    return round(1 / (1 + exp(-leaning(state))), PLACES)


def leaning(state: AllianceState) -> float:
    """How far the patient leans towards a second visit, as log-odds: differences count alike at both ends."""
    s = state
    return -1.5 + 2.5 * s.goal_agreement + 1.0 * s.task_agreement + 1.5 * s.bond + 1.0 * s.hope - 3.0 * s.reluctance


def sentence(name: str, state: AllianceState, ended: Ended | None) -> str:
    """The outcome in one sentence."""
    if ended == "walkout":
        return f"{name} walked out and will not come back."
    if ended == "refuses":
        return f"{name} stopped talking; nothing was agreed."
    likely = second_visit(state, ended)
    word = (
        "would come back" if likely >= 0.7 else "might come back" if likely >= 0.4 else "would probably not come back"
    )
    agreed = "with goals you both agree on" if state.stage != "precontemplation" else "with no goal agreed yet"
    return f"{name} {word} ({round(likely * 100)} in 100), {agreed}."
