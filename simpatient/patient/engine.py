"""One turn of the patient: heard words and a situation in, a turn and the next situation out. Pure.

Order of a turn: detect (surface) → judge in context (derived) → effects → at most one stage move → disclosure of the
topic asked → reply. Same patient, seed and words: the same turns, byte for byte.
"""

import re
from dataclasses import dataclass, replace

from simpatient.detect.context import Context, Judged, judge
from simpatient.detect.detector import Detector, Hearing, Touched
from simpatient.model import PLACES, AllianceState, Detection, Ended, Reply, ReplyClass, Turn, Utterance
from simpatient.outcome import second_visit
from simpatient.patient import dynamics, replies
from simpatient.patient.disclosure import depth
from simpatient.patient.replies import Line, Setting
from simpatient.persona.load import Patient
from simpatient.persona.machine import next_stage, stage_of

UNCLEAR_BELOW = 0.35
"""Mean word confidence under which the patient asks back; the state never moves for a recogniser's trouble."""
COME_BACK, MAYBE = 0.7, 0.3
"""Likelihoods of a second visit from which the goodbye is warm, or open."""
SURE = 0.9
"""Confidence of what a cue heard; it is answered before what only sounded like something."""
_RECENT = 3
_PULL = {"hurt": 3, "ask": 2, "offer": 1, "say": 0}
_DERIVED_HURT = frozenset({"TX_EARLY", "X_GOAL_OBVIOUS", "HARD_EARLY"})
_UNFELT = frozenset({"Q_CHAIN", "MONOLOGUE"})
_TOPICAL = frozenset({"OPENQ", "CLOSEDQ", "SI_ASK", "CASE_NORM", "CASE_BI"})
_RISK_CODES = frozenset({"SI_ASK", "CASE_NORM", "CASE_BI"})
_GREETING = re.compile(r"\s*(hello|hi|hey|good (morning|afternoon|evening))\b", re.IGNORECASE)
_META = frozenset({"goodbye", "stop", "own_risk"})
_GOAL_CLASSES: frozenset[ReplyClass] = frozenset({"goal", "goal_more"})
_GOOD: frozenset[ReplyClass] = frozenset({"goal", "goal_more", "agree", "assent_task", "story", "disclose_full"})
_BAD: frozenset[ReplyClass] = frozenset(
    {
        "deny",
        "blame",
        "challenge",
        "leave",
        "hollow_yes",
        "irritation",
        "sarcasm",
        "scoff",
        "walkout",
        "refuse",
        "unhealthy_goal",
    }
)


@dataclass(frozen=True)
class Memory:
    """What the patient remembers of the session beside the state."""

    turn: int = 0
    said: Reply | None = None
    """The patient's last reply."""
    codes: tuple[tuple[int, str], ...] = ()
    """(turn, repetition key) of every credited code."""
    topics: tuple[tuple[int, str], ...] = ()
    voiced: bool = False
    hope_open: bool = True
    hinted: bool = False
    warned: bool = False
    closed_run: int = 0
    goals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """Everything that the next turn depends on."""

    state: AllianceState
    memory: Memory
    ended: Ended | None = None


class Engine:
    """One patient, one seed. Holds no state of its own: situations are values."""

    def __init__(self, patient: Patient, detector: Detector, seed: int = 0) -> None:
        self.patient = patient
        self.detector = detector
        self.seed = seed

    def open(self) -> tuple[Reply, Situation]:
        """The patient's first words and where they stand."""
        persona = self.patient.persona
        s = persona.start
        state = AllianceState(
            stage_of(s.goal_agreement, s.task_agreement),
            s.reluctance,
            s.hope,
            s.goal_agreement,
            s.task_agreement,
            s.bond,
            unhealthy_goal=s.unhealthy_goal,
        )
        texts = persona.opening
        pick = replies.number("opening", self._setting(Situation(state, Memory()), state))
        n = pick % len(texts) + 1
        reply = replies.spoken(Line(f"opening.{n}", texts[n - 1], "smalltalk", ()), self.patient, state)
        return reply, Situation(state, Memory(said=reply, hope_open=not persona.hope_locked))

    def hear(self, now: Situation, utterance: Utterance) -> tuple[Turn, Situation]:
        """The turn that follows these words."""
        if utterance.words and utterance.confidence < UNCLEAR_BELOW:
            return self._event(now, utterance, "unclear")
        after = now.memory.said.text if now.memory.said else ""
        hearing = self.detector.hear(utterance.text, after)
        judged = judge(hearing, self._context(now), len(utterance.text.split()))
        credits = self._credits(judged, hearing, now.memory, utterance.text)
        mood = dynamics.Mood(now.memory.voiced, now.memory.hope_open)
        state, effects, mood = dynamics.move(now.state, credits, self.patient.persona, mood)
        state = replace(state, stage=next_stage(state.stage, state.goal_agreement, state.task_agreement))
        line, ended, weighty = self._reply(now, state, judged, hearing, utterance.text)
        reply = replies.spoken(line, self.patient, state, weighty)
        state = self._remembered(state, line, reply)
        turn = Turn(
            now.memory.turn + 1, utterance, tuple(j.detection for j in judged), effects, now.state, state, reply, ended
        )
        return turn, Situation(state, self._memory(now, judged, credits, hearing, mood, line, turn), ended)

    def silence(self, now: Situation) -> tuple[Turn, Situation]:
        """The learner says nothing for long: the patient reacts, nothing moves."""
        return self._event(now, Utterance(""), "silence")

    def _event(self, now: Situation, utterance: Utterance, event: str) -> tuple[Turn, Situation]:
        line = replies.from_bank(event, self.patient.events[event], self._setting(now, now.state))
        assert line is not None, f"every patient has lines for {event}"
        reply = replies.spoken(line, self.patient, now.state)
        state = replace(now.state, used=(*now.state.used, line.id))
        turn = Turn(now.memory.turn + 1, utterance, (), (), now.state, state, reply)
        return turn, Situation(state, replace(now.memory, turn=turn.no, said=reply))

    # ---- what counts

    def _context(self, now: Situation) -> Context:
        persona, memory = self.patient.persona, now.memory
        return Context(
            voluntary=persona.voluntary, obvious_goal=persona.obvious_goal, goal_agreement=now.state.goal_agreement,
            bond=now.state.bond, pros_heard=any(code == "PROS" for _, code in memory.codes), hinted=memory.hinted,
            closed_run=memory.closed_run, raised=frozenset(fact.split("/")[0] for fact in now.state.disclosed),
        )  # fmt: skip

    def _credits(
        self, judged: tuple[Judged, ...], hearing: Hearing, memory: Memory, text: str
    ) -> list[dynamics.Credit]:
        c = dynamics.constants()
        felt = [j for j in judged if j.row and j.detection.confidence >= c.ignored_below]
        felt.sort(key=lambda j: not self._hurts(j))
        felt = sorted(felt[: c.credited_per_turn], key=lambda j: (j.detection.start, j.detection.code))
        return [
            dynamics.Credit(
                j.detection, j.row, self._factor(j.detection, hearing, memory), self._because(j.detection, text)
            )
            for j in felt
        ]

    def _factor(self, d: Detection, hearing: Hearing, memory: Memory) -> float:
        c = dynamics.constants()
        key = _key(d, hearing)
        again = sum(1 for turn, k in memory.codes if k == key and memory.turn + 1 - turn <= c.repetition_window)
        return (d.confidence if d.confidence < c.partial_below else 1.0) * c.repetition**again

    def _because(self, d: Detection, text: str) -> str:
        technique = self.detector.pack.technique(d.code)
        what = technique.name.lower() if technique else d.cue
        return f"you said “{text[d.start : d.end]}” ({d.code}: {what})"

    def _hurts(self, j: Judged) -> bool:
        if j.row != j.detection.code:
            return False
        technique = self.detector.pack.technique(j.detection.code)
        return j.detection.code in _DERIVED_HURT or bool(technique and technique.pull == "hurt")

    # ---- what is answered

    def _reply(
        self, now: Situation, state: AllianceState, judged: tuple[Judged, ...], hearing: Hearing, text: str
    ) -> tuple[Line, Ended | None, bool]:
        codes = {j.detection.code for j in judged}
        topics = {t.name for t in hearing.topics}
        setting = self._setting(now, state, frozenset(topics))
        if ended := self._leaves(now, state, codes):
            return self._bank("walkout" if ended == "walkout" else "refuse", setting), ended, False
        if state.reluctance >= self.patient.persona.walkout:
            return self._bank("warning", setting), None, False
        if "ABUSE" in codes:
            return self._bank("abuse", setting), None, False
        if "stop" in topics or "own_risk" in topics:
            return self._bank("acknowledge", setting), "aborted", False
        if "goodbye" in topics and not any(self._hurts(j) for j in judged):
            return self._bank(self._exit(state), setting), "closed", False
        line, weighty = self._answer(self._focus(judged), judged, hearing, now, setting, text)
        return line, None, weighty

    def _leaves(self, now: Situation, state: AllianceState, codes: set[str]) -> Ended | None:
        persona = self.patient.persona
        over = state.reluctance - persona.walkout
        abused = sum(code == "ABUSE" for _, code in now.memory.codes) + ("ABUSE" in codes)
        if over > dynamics.constants().walkout_grace or (now.memory.warned and over >= 0) or abused >= 3:
            return "walkout" if persona.can_leave else "refuses"
        return None

    def _exit(self, state: AllianceState) -> str:
        likely = second_visit(state)
        return "exit_next" if likely > COME_BACK else "exit_maybe" if likely >= MAYBE else "exit_curt"

    def _focus(self, judged: tuple[Judged, ...]) -> Judged | None:
        """What a person would answer: a hurt before a question before an offer, what is sure, what is last."""
        able = [j for j in judged if j.detection.confidence >= 0.5 and j.detection.code not in _UNFELT]
        able = [j for j in able if j.row]

        def weight(j: Judged) -> tuple[float, bool, int, int, str]:
            d = j.detection
            return self._pull(j), d.confidence >= SURE, d.end, d.start, d.code

        return max(able, key=weight, default=None)

    def _pull(self, j: Judged) -> float:
        if self._hurts(j):
            return _PULL["hurt"]
        technique = self.detector.pack.technique(j.detection.code)
        pull = _PULL[technique.pull] if technique else 0
        generic = j.detection.code in ("OPENQ", "CLOSEDQ")
        return min(pull, 2) - (0.5 if generic else 0)

    def _answer(
        self,
        focus: Judged | None,
        judged: tuple[Judged, ...],
        hearing: Hearing,
        now: Situation,
        setting: Setting,
        text: str,
    ) -> tuple[Line, bool]:
        code = focus.detection.code if focus else ""
        if rupture := self._after_a_rupture(code, setting):
            return rupture, True
        if topic := self._topic(code, focus, hearing):
            return self._tell(topic, judged, now, setting), topic.risk
        if not code:
            return self._remark(hearing, judged, now, setting, text)
        groups = self.patient.techniques.get(code, ())
        line = replies.from_bank(code, groups, setting) if groups else None
        asks = focus is not None and self._pull(focus) >= 1.5
        return line or self._bank("unknown" if asks else "acknowledge", setting), code in _RISK_CODES

    def _remark(
        self, hearing: Hearing, judged: tuple[Judged, ...], now: Situation, setting: Setting, text: str
    ) -> tuple[Line, bool]:
        """Words without a technique: a bare topic ("and your appetite?") is asked about all the same."""
        known = [t for t in hearing.topics if t.name in self.patient.topics]
        if known:
            return self._tell(known[-1], judged, now, setting), known[-1].risk
        return self._bank(_kind_of_remark(text), setting), False

    def _after_a_rupture(self, code: str, setting: Setting) -> Line | None:
        """What a question about suicide meets when something earlier, such as avoiding it, still hurts."""
        groups = [group for group in self.patient.techniques.get(code, ()) if group.heard]
        line = replies.from_bank(code, groups, setting) if code in _RISK_CODES else None
        return line if line and line.id not in setting.used else None

    def _topic(self, code: str, focus: Judged | None, hearing: Hearing) -> Touched | None:
        """The topic that a question asks about: the first named from the question on, else the last before it."""
        if focus is None or code not in _TOPICAL:
            return None
        known = [t for t in hearing.topics if t.name in self.patient.topics and (t.risk or code not in _RISK_CODES)]
        if code in _RISK_CODES and not known and "si_active" in self.patient.topics and code != "CASE_BI":
            return Touched("si_active", focus.detection.start, focus.detection.end, True)
        if risky := [t for t in known if t.risk]:
            return risky[0]
        later = [t for t in known if t.end > focus.detection.start]
        return later[0] if later else known[-1] if known else None

    def _tell(self, topic: Touched, judged: tuple[Judged, ...], now: Situation, setting: Setting) -> Line:
        told = self.patient.topics[topic.name]
        codes = frozenset(j.detection.code for j in judged)
        recent = frozenset(name for turn, name in now.memory.topics if now.memory.turn + 1 - turn <= _RECENT)
        avoided = "SI_AVOID" in codes or any(
            code == "SI_AVOID" and now.memory.turn + 1 - turn <= _RECENT for turn, code in now.memory.codes
        )
        gate = self.detector.pack.topics[topic.name].gate
        level = depth(topic.name, told, gate, topic.risk, setting.state, codes, recent, avoided)
        goals = told.goals if level == "full" else ()
        return replies.from_topic(topic.name, level, getattr(told, level), goals, setting)

    def _bank(self, event: str, setting: Setting) -> Line:
        groups = self.patient.events.get(event) or self.patient.events["acknowledge"]
        line = replies.from_bank(event, groups, setting)
        if line is None:
            line = replies.from_bank(event, [replace(g, reluctance=(), hope=(), stage=()) for g in groups], setting)
        assert line is not None, f"every patient has lines for {event}"
        return line

    def _setting(self, now: Situation, state: AllianceState, topics: frozenset[str] = frozenset()) -> Setting:
        heard = frozenset(code.split(":")[0] for _, code in now.memory.codes)
        return Setting(
            state, now.memory.voiced, heard, topics, frozenset(now.state.used), self.seed, now.memory.turn + 1
        )

    # ---- what is remembered

    def _remembered(self, state: AllianceState, line: Line, reply: Reply) -> AllianceState:
        valence = 1 if reply.reply_class in _GOOD else -1 if reply.reply_class in _BAD else 0
        head, _, rest = line.id.partition(".")
        fact = f"{head}/{rest.split('.')[0]}" if reply.reply_class in ("disclose_partial", "disclose_full") else ""
        disclosed = (*state.disclosed, fact) if fact and fact not in state.disclosed else state.disclosed
        momentum = round(0.6 * state.momentum + 0.4 * valence, PLACES)
        used = state.used if line.id in state.used else (*state.used, line.id)
        return replace(state, momentum=momentum, disclosed=disclosed, used=used)

    def _memory(
        self, now: Situation, judged: tuple[Judged, ...], credits: list[dynamics.Credit], hearing: Hearing,
        mood: dynamics.Mood, line: Line, turn: Turn,
    ) -> Memory:  # fmt: skip
        old = now.memory
        codes = {j.detection.code for j in judged}
        only_closed = "CLOSEDQ" in codes and codes <= {"CLOSEDQ", "Q_CHAIN", "INFO", "HARD_EARLY"}
        risky_fact = turn.reply.reply_class in ("disclose_partial", "disclose_full") and self._is_risk(line)
        return Memory(
            turn=turn.no,
            said=turn.reply,
            codes=old.codes + tuple((turn.no, _key(c.detection, hearing)) for c in credits),
            topics=old.topics + tuple((turn.no, t.name) for t in hearing.topics if t.name not in _META),
            voiced=old.voiced or turn.reply.reply_class in _GOAL_CLASSES,
            hope_open=mood.hope_open,
            hinted=turn.reply.reply_class == "unhealthy_goal" or risky_fact,
            warned=turn.after.reluctance >= self.patient.persona.walkout,
            closed_run=old.closed_run + 1 if only_closed else 0,
            goals=tuple(dict.fromkeys((*old.goals, *line.goals))),
        )

    def _is_risk(self, line: Line) -> bool:
        topic = self.detector.pack.topics.get(line.id.partition(".")[0])
        return bool(topic and topic.risk)


def _key(d: Detection, hearing: Hearing) -> str:
    """What counts as saying the same again: sub-moves of these codes count apart."""
    if d.code == "EXTERN":
        return f"{d.code}:{d.cue}"
    if d.code == "GOAL_ECHO" and hearing.topics:
        return f"{d.code}:{hearing.topics[-1].name}"
    return d.code


def _kind_of_remark(text: str) -> str:
    """The bank for words in which nothing was heard."""
    words = text.lower().split()
    if _GREETING.match(text) and len(words) <= 6:
        return "greeting"
    asks = text.rstrip().endswith("?") or (
        words and words[0] in ("what", "how", "why", "who", "when", "where", "which", "do", "are", "is", "can", "did")
    )
    return "unknown" if asks else "acknowledge"
