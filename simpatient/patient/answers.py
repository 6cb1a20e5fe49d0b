"""What is answered: which of the heard things a person would take up, and from which bank of lines."""

from dataclasses import dataclass, replace

from simpatient.detect.context import Judged
from simpatient.detect.detector import Hearing, Touched
from simpatient.detect.pack import Pack
from simpatient.model import AllianceState, Ended
from simpatient.outcome import second_visit
from simpatient.patient import dynamics, replies
from simpatient.patient.credits import hurts
from simpatient.patient.disclosure import depth
from simpatient.patient.replies import Line, Setting
from simpatient.patient.situation import Situation
from simpatient.persona.load import Patient
from simpatient.persona.schema import Group

COME_BACK, MAYBE = 0.7, 0.3
"""Likelihoods of a second visit from which the goodbye is warm, or open."""
SURE = 0.9
"""Confidence of what a cue heard; it is answered before what only sounded like something."""
CHATS = 3
"""Exchanges of small talk that a patient bears."""
INTERRUPTIONS = 3
"""Times that a patient is talked over before they say so."""
HINTS, FIRST_HINT, BETWEEN_HINTS = 2, 3, 4
"""How often, from which turn on and how far apart a patient hints at a wish to die, unasked."""
RISK_CODES = frozenset({"SI_ASK", "CASE_NORM", "CASE_SHAME", "CASE_BI", "CASE_GA", "CASE_SA", "CASE_DS", "CASE_CATCH"})
_ABOUT_WAYS = frozenset({"CASE_GA", "CASE_SA", "CASE_DS", "CASE_CATCH"})
_KIN = {
    "CASE_SHAME": "CASE_NORM",
    "CASE_GA": "CASE_BI",
    "CASE_SA": "CASE_BI",
    "CASE_DS": "CASE_BI",
    "CASE_CATCH": "CASE_BI",
}
"""Whose bank serves a code that has none of its own."""
_TOPICAL = frozenset({"OPENQ", "CLOSEDQ"}) | RISK_CODES
_PULL = {"hurt": 3, "ask": 2, "offer": 1, "say": 0}
_UNFELT = frozenset({"Q_CHAIN", "MONOLOGUE", "INTERRUPT", "SMALLTALK"})
_RECENT = 3
_GREETINGS = frozenset({"hello", "hi", "hey", "good"})
_ASKING = frozenset("what how why who when where which do are is can did does have".split())


@dataclass(frozen=True)
class Answer:
    """The line, how the session ends with it, and whether the matter is heavy."""

    line: Line
    ended: Ended | None = None
    weighty: bool = False


@dataclass(frozen=True)
class Heard:
    """One learner turn as the patient took it."""

    text: str
    judged: tuple[Judged, ...]
    hearing: Hearing

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(j.detection.code for j in self.judged)

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(t.name for t in self.hearing.topics)


def answer(heard: Heard, now: Situation, setting: Setting, patient: Patient, pack: Pack) -> Answer:
    """What the patient says to these words; `setting` holds the state after they have had their effect."""
    state, codes = setting.state, heard.codes
    if ended := _leaves(now, state, codes, patient):
        return Answer(_bank("walkout" if ended == "walkout" else "refuse", setting, patient), ended)
    if state.reluctance >= patient.persona.walkout:
        return Answer(_bank("warning", setting, patient))
    if "ABUSE" in codes:
        return Answer(_bank("abuse", setting, patient))
    if heard.topics & {"stop", "own_risk"}:
        return Answer(_bank("acknowledge", setting, patient), "aborted")
    wounded = any(hurts(j, pack) for j in heard.judged)
    if "goodbye" in heard.topics and not wounded:
        return Answer(_bank(_exit(state), setting, patient), "closed")
    if "INTERRUPT" in codes and sum(code == "INTERRUPT" for _, code in now.memory.codes) + 1 >= INTERRUPTIONS:
        return Answer(_bank("interrupted", setting, patient))
    if "say_again" in heard.topics and not wounded and now.memory.said:
        return Answer(_again(setting, patient))
    return _to(_focus(heard, pack), heard, now, setting, patient, pack)


def _leaves(now: Situation, state: AllianceState, codes: frozenset[str], patient: Patient) -> Ended | None:
    over = state.reluctance - patient.persona.walkout
    abused = sum(code == "ABUSE" for _, code in now.memory.codes) + ("ABUSE" in codes)
    if over > dynamics.constants().walkout_grace or (now.memory.warned and over >= 0) or abused >= 3:
        return "walkout" if patient.persona.can_leave else "refuses"
    return None


def _exit(state: AllianceState) -> str:
    likely = second_visit(state)
    return "exit_next" if likely > COME_BACK else "exit_maybe" if likely >= MAYBE else "exit_curt"


def _again(setting: Setting, patient: Patient) -> Line:
    """The patient says once more what they said; without lines of their own for that, the same words."""
    if groups := patient.events.get("repeat"):
        line = replies.from_bank("repeat", groups, setting)
        if line:
            return line
    return Line("repeat.0", "{last}", "question_back", ())


def _focus(heard: Heard, pack: Pack) -> Judged | None:
    """What a person would take up: a hurt before a question before an offer, what is sure, what is last."""
    able = [j for j in heard.judged if j.detection.confidence >= 0.5 and j.detection.code not in _UNFELT and j.row]

    def weight(j: Judged) -> tuple[float, bool, int, int, str]:
        d = j.detection
        return _pull(j, pack), d.confidence >= SURE, d.end, d.start, d.code

    return max(able, key=weight, default=None)


def _pull(judged: Judged, pack: Pack) -> float:
    if hurts(judged, pack):
        return _PULL["hurt"]
    technique = pack.technique(judged.detection.code)
    plain = judged.detection.code in ("OPENQ", "CLOSEDQ")
    return min(_PULL[technique.pull] if technique else 0, 2) - (0.5 if plain else 0)


def _to(
    focus: Judged | None, heard: Heard, now: Situation, setting: Setting, patient: Patient, pack: Pack
) -> Answer:  # fmt: skip
    code = focus.detection.code if focus else ""
    pull = _pull(focus, pack) if focus else 0.0
    if rupture := _after_a_rupture(code, setting, patient):
        return Answer(rupture, weighty=True)
    if specific := _specific(code, setting, patient):
        return Answer(specific, weighty=code in RISK_CODES)
    if topic := _topic(code, focus, heard, patient):
        return Answer(_tell(topic, heard, now, setting, patient, pack), weighty=topic.risk)
    if pull < 2 and (hint := _hint(now, setting, patient)):
        return Answer(hint, weighty=True)
    if not code:
        return _remark(heard, now, setting, patient, pack)
    line = replies.from_bank(code, groups, setting) if (groups := _groups(code, patient)) else None
    return Answer(
        line or _bank("unknown" if pull >= 1.5 else "acknowledge", setting, patient), None, code in RISK_CODES
    )


def _groups(code: str, patient: Patient) -> tuple[Group, ...]:
    return patient.techniques.get(code) or patient.techniques.get(_KIN.get(code, ""), ())


def _after_a_rupture(code: str, setting: Setting, patient: Patient) -> Line | None:
    """What a question about suicide meets when something earlier, such as avoiding it, still hurts."""
    groups = [group for group in _groups(code, patient) if group.heard]
    line = replies.from_bank(code, groups, setting) if code in RISK_CODES else None
    return line if line and line.id not in setting.used else None


def _specific(code: str, setting: Setting, patient: Patient) -> Line | None:
    """A line for just the thing that the learner named, such as one category after a general no."""
    groups = [group for group in _groups(code, patient) if group.named]
    line = replies.from_bank(code, groups, setting) if code in RISK_CODES else None
    return line if line and line.id not in setting.used else None


def _topic(code: str, focus: Judged | None, heard: Heard, patient: Patient) -> Touched | None:
    """The topic that a question asks about: the first named from the question on, else the last before it."""
    if focus is None or code not in _TOPICAL:
        return None
    known = [t for t in heard.hearing.topics if t.name in patient.topics and (t.risk or code not in RISK_CODES)]
    if code in RISK_CODES and code != "CASE_BI" and not known:
        usual = "si_plan" if code in _ABOUT_WAYS else "si_active"
        if usual in patient.topics:
            return Touched(usual, focus.detection.start, focus.detection.end, True)
    if risky := [t for t in known if t.risk]:
        return risky[0]
    later = [t for t in known if t.end > focus.detection.start]
    return later[0] if later else known[-1] if known else None


def _tell(topic: Touched, heard: Heard, now: Situation, setting: Setting, patient: Patient, pack: Pack) -> Line:
    told, memory = patient.topics[topic.name], now.memory
    recent = frozenset(name for turn, name in memory.topics if memory.turn + 1 - turn <= _RECENT)
    avoided = "SI_AVOID" in heard.codes or memory.lately("SI_AVOID", _RECENT)
    gate = pack.topics[topic.name].gate
    level = depth(topic.name, told, gate, topic.risk, setting.state, heard.codes, recent, avoided)
    goals = told.goals if level == "full" else ()
    return replies.from_topic(topic.name, level, getattr(told, level), goals, setting)


def _hint(now: Situation, setting: Setting, patient: Patient) -> Line | None:
    """A sign of a wish to die that the patient gives unasked, at most twice and never once they were asked."""
    memory, groups = now.memory, patient.events.get("hint")
    turn = memory.turn + 1
    last = memory.hints[-1] if memory.hints else turn - BETWEEN_HINTS
    soon = turn < FIRST_HINT or turn - last < BETWEEN_HINTS
    if not groups or soon or len(memory.hints) >= HINTS or memory.heard() & RISK_CODES:
        return None
    return replies.from_bank("hint", groups, setting)


def _remark(heard: Heard, now: Situation, setting: Setting, patient: Patient, pack: Pack) -> Answer:
    """Words without a technique: a bare topic ("and your appetite?") is asked about all the same."""
    known = [t for t in heard.hearing.topics if t.name in patient.topics]
    if known:
        return Answer(_tell(known[-1], heard, now, setting, patient, pack), weighty=known[-1].risk)
    if "smalltalk" in heard.topics and sum(code == "SMALLTALK" for _, code in now.memory.codes) < CHATS:
        return Answer(_bank("smalltalk", setting, patient))
    return Answer(_bank(_kind_of_remark(heard.text), setting, patient))


def _kind_of_remark(text: str) -> str:
    """The bank for words in which nothing was heard."""
    words = text.lower().split()
    if words and words[0].strip(",.!") in _GREETINGS and len(words) <= 6:
        return "greeting"
    asks = text.rstrip().endswith("?") or (words and words[0] in _ASKING)
    return "unknown" if asks else "acknowledge"


def _bank(event: str, setting: Setting, patient: Patient) -> Line:
    groups = patient.events.get(event) or patient.events["acknowledge"]
    line = replies.from_bank(event, groups, setting)
    if line is None:
        line = replies.from_bank(event, [replace(g, reluctance=(), hope=(), stage=()) for g in groups], setting)
    assert line is not None, f"every patient has lines for {event}"
    return line


def happens(event: str, setting: Setting, patient: Patient) -> Line:
    """What the patient says when something happens that is no turn: silence, bad hearing."""
    return _bank(event, setting, patient)
