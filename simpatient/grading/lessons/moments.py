"""The strongest moments, and the turning points: the turns that cost most, or in which most was left unused."""

from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.lessons import library
from simpatient.grading.lessons.page import Page, turned
from simpatient.grading.lessons.scene import Interview, Scene
from simpatient.grading.lessons.values import StrongMoment, TurningPoint
from simpatient.grading.mistakes import FORM, SEVERITY
from simpatient.grading.risk import RISK
from simpatient.model import VARIABLES, Turn
from simpatient.outcome import leaning, second_visit

SHOWN = 3
"""Moments of a kind."""
STRONG, UNUSED = 0.25, 0.05
"""Change of the leaning towards a second visit from which a turn is a strong moment, and below which a plain turn left
something unused."""
NET_GAIN = 0.15
"""A turn that moved the patient so far is no turning point, whatever slipped into it."""
PLAIN = frozenset("OPENQ CLOSEDQ FACIL REFL_S SMALLTALK Q_CHAIN DOUBLE_Q PROB_OPEN GOOD_SILENCE JARGON".split())
_OFFERS = {"risk": 5, "goal": 4, "affect": 3, "hedge": 2, "disclosure": 2, "change": 1}
_NAMES = {
    "reluctance": "reluctance", "hope": "hope", "goal_agreement": "agreement on goals",
    "task_agreement": "agreement on steps", "bond": "trust",
}  # fmt: skip


def gain(turn: Turn) -> float:
    """How far the turn moved the patient towards a second visit, before it is squeezed into 0..1."""
    return leaning(turn.after) - leaning(turn.before)


def strong(interview: Interview, page: Page, taken: frozenset[int]) -> tuple[StrongMoment, ...]:
    """At most three, in order of time."""
    moved = [t for t in interview.turns if gain(t) >= STRONG and t.no not in taken]
    moved.sort(key=lambda t: (-gain(t), t.no))
    return tuple(_strong(t, interview, page) for t in sorted(moved[:SHOWN], key=lambda t: t.no))


def _strong(turn: Turn, interview: Interview, page: Page) -> StrongMoment:
    code = telling(turn, interview)
    scene = interview.before(turn)
    why = page.take(library.reasons().helps.get(code, ()), scene) or _named(code, interview.pack)
    happened = library.choices().happened.get(code, "heard")
    return StrongMoment(turn.no, turn.utterance.text, why, effect(turn, interview), page.thought(happened))


def telling(turn: Turn, interview: Interview) -> str:
    """The code that made a turn what it was."""
    wrong = {d.code for d in interview.wrong[turn.no]}
    codes = {d.code for d in listen.heard(turn)} - wrong
    order = library.choices().telling
    return min(codes, key=lambda c: (order.index(c) if c in order else len(order), c), default="")


def _named(code: str, pack: Pack) -> str:
    technique = pack.technique(code)
    return f"{technique.name}: {technique.definition}" if technique else "It let the patient go on."


def turning(interview: Interview, page: Page) -> tuple[TurningPoint, ...]:
    """At most three, in order of time: mistakes first, then plain turns after something that was worth taking up."""
    hurt = [t for t in interview.turns if _hurt(t, interview)]
    hurt = sorted(hurt, key=lambda t: (gain(t), t.no))[:SHOWN]
    plain = interview.patient.persona.obvious_goal  # a plain history is what such a patient needs
    left = [t for t in interview.turns if not plain and t not in hurt and _unused(t, interview)]
    left = sorted(left, key=lambda t: (-_offered(interview.before(t)), gain(t), t.no))[: SHOWN - len(hurt)]
    return tuple(_turning(t, interview, page) for t in sorted(hurt + left, key=lambda t: t.no))


def _hurt(turn: Turn, interview: Interview) -> bool:
    real = [d for d in interview.wrong[turn.no] if d.code not in FORM]
    return bool(turn.utterance.text.strip()) and bool(real) and gain(turn) < NET_GAIN


def _unused(turn: Turn, interview: Interview) -> bool:
    """A plain turn that moved next to nothing; what asks about risk, or says goodbye, is in its place as it is."""
    codes = {d.code for d in listen.heard(turn)}
    told = listen.told(turn, interview.pack)
    risky = turn.no in interview.asks_of_risk or bool(told and interview.pack.topics[told[0]].risk)
    plain = codes <= PLAIN and not codes & set(RISK)
    return bool(turn.utterance.text.strip()) and plain and not risky and not turn.ended and 0 <= gain(turn) < UNUSED


def _offered(scene: Scene) -> int:
    """How much the patient's last words offered."""
    return _OFFERS.get(cue_kind(scene), int(scene.near))


def cue_kind(scene: Scene) -> str:
    """What kind of cue the patient's last words are: risk, goal, change, hedge, affect, disclosure, or "" for none."""
    reply = scene.said
    topic, _, rest = reply.id.partition(".")
    told = topic in scene.interview.pack.topics
    on_goals = topic in library.choices().agreeing
    feeling = topic in library.choices().feelings
    if scene.dark:
        return "risk"
    if reply.reply_class in ("goal", "goal_more"):
        return "goal"
    if on_goals and reply.reply_class in ("agree", "assent_task", "hedge", "yes_but"):
        return "change" if reply.reply_class in ("agree", "assent_task") else "hedge"
    if reply.reply_class == "plea" or (told and feeling and rest.startswith("full")):
        return "affect"
    if (
        reply.reply_class == "disclose_full"
        or (feeling and rest.startswith("partial"))
        or (reply.reply_class == "disclose_partial" and not told)
    ):
        return "disclosure"
    return ""


def _turning(turn: Turn, interview: Interview, page: Page) -> TurningPoint:
    scene, r = interview.before(turn), library.reasons()
    wrong = [d.code for d in interview.wrong[turn.no] if d.code not in FORM]
    said = page.take(turned(r.said, turn.no), scene)
    if wrong:
        worst = max(wrong, key=lambda c: (SEVERITY.get(c, 1), -wrong.index(c)))
        why = page.take(r.mistakes[worst], scene)
        wanted, happened = library.choices().mistakes[worst], library.choices().happened[worst]
    else:
        why = page.take([*r.unused.get(cue_kind(scene), ()), *r.unused["any"]], scene)
        wanted, happened = library.choices().situations.get(cue_kind(scene), ()), "unused"
    thought = page.thought(happened)
    return TurningPoint(
        turn.no, turn.utterance.text, " ".join(filter(None, (said, why))), effect(turn, interview), thought,
        page.better(scene, wanted),
    )  # fmt: skip


def effect(turn: Turn, interview: Interview) -> str:
    """What the turn did, in words."""
    moved = []
    for name in VARIABLES:
        first, last = round(100 * getattr(turn.before, name)), round(100 * getattr(turn.after, name))
        if first != last:
            moved.append(f"{_NAMES[name]} {'rose' if last > first else 'fell'} from {first} to {last}")
    if turn.ended == "walkout":
        moved.append(f"{interview.name} left")
    elif turn.ended == "refuses":
        moved.append(f"{interview.name} stopped talking")
    if not moved:
        return "Nothing moved."
    then, now = (round(100 * second_visit(s)) for s in (turn.before, turn.after))
    likely = f" A second visit went from {then} to {now} in 100." if then != now and not turn.ended else ""
    line = ", ".join(moved)
    return f"{line[:1].upper()}{line[1:]}.{likely}"
