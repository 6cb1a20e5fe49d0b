"""Cues of the patient that nobody took up: a hint of dying, a wish, change talk, a feeling, something told."""

from simpatient.grading import listen
from simpatient.grading.lessons import library
from simpatient.grading.lessons.moments import cue_kind
from simpatient.grading.lessons.page import Page
from simpatient.grading.lessons.scene import Interview
from simpatient.grading.lessons.values import Missed
from simpatient.grading.risk import RISK
from simpatient.model import Turn

WITHIN = 2
"""Learner turns within which an answer counts."""
SHOWN = 3
ORDER = ("risk", "goal", "affect", "hedge", "change", "disclosure")


def missed(interview: Interview, page: Page, taken: frozenset[int]) -> tuple[Missed, ...]:
    """At most three, the gravest first to be chosen, shown in order of time. A turn that is taken up as a turning point
    is not told again.
    """
    if interview.open_loop:
        return ()
    found = [(kind, turn) for turn in interview.turns if (kind := _unanswered(turn, interview, taken))]
    found.sort(key=lambda pair: (ORDER.index(pair[0]), pair[1].no))
    chosen = sorted(found[:SHOWN], key=lambda pair: pair[1].no)
    told = [_missed(kind, turn, interview, page) for kind, turn in chosen]
    return tuple(one for one in told if one)


def _unanswered(turn: Turn, interview: Interview, taken: frozenset[int]) -> str:
    """The kind of a cue that met nothing fitting; "" where there is none, or it was answered."""
    later = [t for t in interview.turns if t.no > turn.no and t.utterance.text.strip()][:WITHIN]
    kind = cue_kind(interview.after(turn))
    if kind == "risk" and interview.before(turn).asked and {d.code for d in listen.heard(turn)} & set(RISK):
        return ""  # the second answer to a learner who keeps asking
    if not kind or not later or later[0].no in taken:
        return ""
    answers = set(library.choices().answers[kind])
    if kind == "risk" and interview.after(turn).asked:
        answers |= set(library.choices().answers["affect"])
    risky = any(t.no in interview.asks_of_risk for t in later)
    heard = {d.code for t in later for d in listen.heard(t)} - {d.code for t in later for d in interview.wrong[t.no]}
    return "" if heard & answers or (kind == "risk" and risky) else kind


def _missed(kind: str, turn: Turn, interview: Interview, page: Page) -> Missed | None:
    scene = interview.after(turn)
    why = page.take(library.reasons().missed[kind], scene)
    wanted = library.choices().situations[kind]
    ranked = page.ranked(scene, wanted)
    for code in [*(c for c in ranked if c in wanted), *ranked]:
        if say := page.wording(scene, code, lead=True):
            return Missed(turn.no, turn.reply.text, why, say)
    return None
