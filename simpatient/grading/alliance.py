"""Where the alliance went: outcome, movements, stages, goals, the pact, steps offered and agreed."""

from dataclasses import replace
from typing import get_args

from simpatient.grading import listen
from simpatient.grading.conditions import Session, freely_agreed
from simpatient.grading.goals import goals_voiced
from simpatient.grading.talk import timed
from simpatient.model import VARIABLES, AllianceState, Mark, Stage, Transcript, Turn
from simpatient.outcome import second_visit
from simpatient.text import content_words

OWN_WORDS = 0.5
"""Share of the learner's words in a voiced goal below which it is in the patient's own."""
OFFERS = frozenset({"TASK_OFFER", "ALT_TASK", "TRIAL"})
_AGREES = frozenset({"agree", "assent_task", "goal", "goal_more"})


def outcome_marks(transcript: Transcript) -> tuple[Mark, ...]:
    """Second visit, the five variables, the stage and the time in each."""
    end = state_at_end(transcript)
    likely = round(100 * second_visit(end, transcript.ended))
    marks = [Mark("second visit", likely, "in 100", group="outcome")]
    for name in VARIABLES:
        last, first = getattr(end, name), getattr(transcript.start, name)
        change = f"{100 * (last - first):+.0f} since the start"
        marks.append(Mark(name.replace("_", " "), round(100 * last), "of 100", evidence=(change,), group="outcome"))
    marks.append(Mark("stage reached", end.stage, group="outcome"))
    return (*marks, *_dwell(transcript))


def state_at_end(transcript: Transcript) -> AllianceState:
    return transcript.turns[-1].after if transcript.turns else transcript.start


def _dwell(transcript: Transcript) -> list[Mark]:
    """How long the patient was at each stage: from the end of one learner turn to the end of the next."""
    unit = "s" if timed(transcript) else "turns"
    spent: dict[str, float] = dict.fromkeys(get_args(Stage), 0)
    last_ms = 0
    for turn in transcript.turns:
        end_ms = max(last_ms, turn.utterance.end_ms)
        spent[turn.before.stage] += (end_ms - last_ms) / 1000 if unit == "s" else 1
        last_ms = end_ms
    return [Mark(f"at {stage}", round(value, 1), unit, group="outcome") for stage, value in spent.items()]


def goal_marks(session: Session, open_loop: bool = False) -> tuple[Mark, ...]:
    """Goals voiced, by class; the first; those in the patient's own words; the pact."""
    said, persona = session.goals, session.patient.persona
    marks = [
        _voiced(session), *(_of_class(name, session) for name in ("biological", "agency", "affiliation", "spiritual")),
        *_first(session.transcript),
        Mark("goals in own words", sum(len(goals) for turn, goals in said if _own_words(turn)), "",
             found=tuple(listen.by_reply(t, ", ".join(sorted(g)), "voices a goal") for t, g in said if _own_words(t))),
    ]  # fmt: skip
    if not persona.goals:
        marks = []
    return (*(_grouped(m, "goals", open_loop) for m in marks), _grouped(_pact(session), "goals", False))


def _grouped(mark: Mark, group: str, indicative: bool) -> Mark:
    return replace(mark, group=group, indicative=indicative)


def _voiced(session: Session) -> Mark:
    persona = session.patient.persona
    voiced = goals_voiced({t.reply.id for t in session.turns}, session.patient)
    texts = tuple(f"{g.class_}: {g.text}" for g in persona.goals if g.id in voiced)
    found = tuple(listen.by_reply(t, ", ".join(sorted(g)), "voices a goal") for t, g in session.goals)
    return Mark("goals voiced", len(voiced), f"of {len(persona.goals)}", evidence=texts, found=found)


def _of_class(name: str, session: Session) -> Mark:
    own = [g.id for g in session.patient.persona.goals if g.class_ == name]
    if not own:
        return Mark(f"goals voiced, {name}", None, not_scored="this patient has none of this kind")
    voiced = goals_voiced({t.reply.id for t in session.turns}, session.patient)
    return Mark(f"goals voiced, {name}", len(voiced.intersection(own)), f"of {len(own)}")


def _first(transcript: Transcript) -> list[Mark]:
    turn = next((t for t in transcript.turns if t.reply.reply_class in ("goal", "goal_more")), None)
    if turn is None:
        why = "the patient never voiced a goal"
        return [Mark(name, None, not_scored=why) for name in ("first goal voiced", "time to the first goal")]
    found = (listen.by_reply(turn, "goal", "voices the first goal"),)
    marks = [Mark("first goal voiced", turn.no, "turn", evidence=(turn.reply.text,), found=found)]
    if timed(transcript):
        return [*marks, Mark("time to the first goal", round(turn.utterance.end_ms / 1000, 1), "s", found=found)]
    return [*marks, Mark("time to the first goal", None, not_scored="the turns have no times; they were typed")]


def _own_words(turn: Turn) -> bool:
    said = content_words(turn.reply.text)
    shared = said & content_words(turn.utterance.text)
    return bool(said) and len(shared) / len(said) < OWN_WORDS


def _pact(session: Session) -> Mark:
    """An explicit agreement to work on goals, and whether it was pressed for."""
    pacts = [(t, d) for t, d in session.detections if d.code == "GOAL_PACT"]
    found = tuple(listen.by_code(t, d) for t, d in pacts)
    if not pacts:
        return Mark("explicit pact", "no")
    free = [t for t, _ in pacts if all(d.code != "PRESSURE" for d in listen.heard(t))]
    if not free:
        return Mark("explicit pact", "pressed", found=found)
    answered = any(t.reply.reply_class in _AGREES for t in free)
    return Mark("explicit pact", "yes" if answered else "offered", found=found)


def task_marks(session: Session, open_loop: bool = False) -> tuple[Mark, ...]:
    """Steps offered, agreed, agreed hollowly, and offered before there was a goal."""
    offered = {t.no: (t, d) for t, d in session.detections if d.code in OFFERS}
    agreed = [t for t in session.turns if freely_agreed(t)]
    hollow = [t for t in session.turns if t.reply.reply_class == "hollow_yes"]
    early = [(t, d) for t, d in session.detections if d.code == "TX_EARLY"]
    return (
        Mark("steps offered", len(offered), "turns", found=tuple(listen.by_code(t, d) for t, d in offered.values()),
             group="tasks"),
        Mark("steps agreed", len(agreed), "turns", found=tuple(listen.by_reply(t, "task", t.reply.id) for t in agreed),
             group="tasks", indicative=open_loop),
        Mark("hollow yes", len(hollow), "times", found=tuple(listen.by_reply(t, "hollow", t.reply.id) for t in hollow),
             group="tasks", indicative=open_loop),
        Mark("treatment before goals", len(early), "times", found=tuple(listen.by_code(t, d) for t, d in early),
             group="tasks", indicative=open_loop),
    )  # fmt: skip
