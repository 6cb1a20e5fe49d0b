"""From a transcript to a grade: the figures, the mark sheet, the moments worth another look, the critical flags."""

from collections.abc import Sequence
from typing import Literal

from simpatient import __version__
from simpatient.detect.pack import Pack
from simpatient.grading.conditions import Session
from simpatient.grading.human import human_marks
from simpatient.grading.marks import marks
from simpatient.grading.measures import measures
from simpatient.grading.mistakes import mistakes
from simpatient.grading.risk import flags
from simpatient.grading.station import Station
from simpatient.grading.techniques import DERIVED_NAMES, counts
from simpatient.model import Flag, Grade, Judgement, Moment, Transcript, Turn
from simpatient.outcome import second_visit, sentence
from simpatient.persona.load import Patient

SHOWN = 3
"""Moments of a kind that a learner is shown."""
NOTABLE = 0.01
"""Change of the second-visit likelihood below which a turn is no moment."""
ABOUT = ("version", "mode", "seed", "difficulty", "persona", "pack", "recogniser", "voice", "learner", "audio")
"""What of a journal's header a grade repeats."""


def grade(
    transcript: Transcript, patient: Patient, pack: Pack, station: Station | None = None, open_loop: bool = False,
    judgements: Sequence[Judgement] = (),
) -> Grade:  # fmt: skip
    """The grade of a session; with a station its mark sheet too. In open loop nothing that rests on the patient's side
    raises a flag or counts as a mistake that hangs on the patient's last words. What examiners judged stands beside
    the software's marks and changes none of them.
    """
    end = transcript.turns[-1].after if transcript.turns else transcript.start
    sheet = marks(transcript, station, patient, pack, open_loop) if station else None
    critical = (*flags(transcript, patient, pack, open_loop), *(sheet.flags if sheet else ()))
    return Grade(
        persona=patient.id,
        outcome=sentence(patient.persona.name, end, transcript.ended),
        second_visit=second_visit(end, transcript.ended),
        marks=measures(transcript, patient, pack, station, open_loop),
        moments=_moments(transcript.turns, patient, pack, open_loop),
        concerns=_concerns(transcript, patient, pack, critical, open_loop),
        flags=critical,
        techniques=counts(Session(transcript, patient, pack), open_loop),
        sheet=sheet,
        open_loop=open_loop,
        about=_about(transcript, station),
        human=human_marks(judgements, transcript, station, patient, pack, open_loop),
    )


def _about(transcript: Transcript, station: Station | None) -> dict[str, object]:
    found: dict[str, object] = {key: transcript.header[key] for key in ABOUT if key in transcript.header}
    found |= {"graded_by": __version__, "ended": transcript.ended}
    if station:
        found["station"] = {"id": station.id, "version": station.version, "digest": station.digest}
    return found


def _moments(turns: tuple[Turn, ...], patient: Patient, pack: Pack, open_loop: bool) -> tuple[Moment, ...]:
    moved = sorted(turns, key=lambda t: (-_gain(t), t.no))
    strong = [_moment(t, "strong", patient, pack, open_loop) for t in moved[:SHOWN] if _gain(t) > NOTABLE]
    hurt = [t for t in reversed(moved[-SHOWN:]) if mistakes(t, patient, pack, open_loop)]
    turning = [_moment(t, "turning", patient, pack, open_loop) for t in hurt]
    return tuple(sorted(strong + turning, key=lambda m: m.turn))


def _gain(turn: Turn) -> float:
    return second_visit(turn.after) - second_visit(turn.before)


def _moment(turn: Turn, kind: Literal["strong", "turning"], patient: Patient, pack: Pack, open_loop: bool) -> Moment:
    wrong = mistakes(turn, patient, pack, open_loop)
    told = wrong if kind == "turning" else [d for d in turn.detections if d not in wrong]
    codes = [d.code for d in told if d.code not in ("OPENQ", "CLOSEDQ", "FACIL")]
    names = [t.name.lower() if (t := pack.technique(c)) else DERIVED_NAMES.get(c, c) for c in codes]
    advice = [a for c in codes if (a := (t.instead if (t := pack.technique(c)) else DERIVED_ADVICE.get(c, "")))]
    instead = advice[-1] if kind == "turning" and advice else ""
    return Moment(turn.no, kind, turn.utterance.text, ", ".join(names), instead)


DERIVED_ADVICE = {
    "TX_EARLY": "Agree on what the person wants first; a step is welcome once it serves their own goal.",
    "X_GOAL_OBVIOUS": "Where the goal is plain, say what you found and what helps.",
    "HARD_EARLY": "Leave the hard subject for a second visit, unless somebody is at risk.",
    "Q_CHAIN": "Give something back between questions: what you heard, or that it makes sense.",
    "MONOLOGUE": "Say less; ask, and wait.",
}


def _concerns(
    transcript: Transcript, patient: Patient, pack: Pack, critical: tuple[Flag, ...], open_loop: bool
) -> tuple[str, ...]:
    """The critical flags in words, and what must be said beside them."""
    found = [flag.text for flag in critical]
    if patient.persona.risk:
        found.append("Agreement is not safety: risk assessment, supervision and a safety plan are still needed.")
    wrong = {d.code for t in transcript.turns for d in mistakes(t, patient, pack, open_loop)}
    if "SI_AVOID" in wrong:
        found.append("The subject of suicide was avoided.")
    return tuple(found)
