"""One turn of the patient: heard words and a situation in, a turn and the next situation out. Pure.

Order of a turn: detect (surface) → judge in context (derived) → effects → at most one stage move → disclosure of the
topic asked → reply. Same patient, seed, difficulty and words: the same turns, byte for byte.
"""

from dataclasses import replace
from functools import lru_cache

from simpatient.detect.context import Context, judge
from simpatient.detect.detector import Detector
from simpatient.model import PLACES, AllianceState, Detection, Reply, ReplyClass, Turn, Utterance
from simpatient.patient import answers, dynamics, replies
from simpatient.patient.answers import Answer, Heard
from simpatient.patient.credits import OFFERS, credited, named_in, repetition_key
from simpatient.patient.dynamics import Credit, Mood
from simpatient.patient.replies import Line, Setting
from simpatient.patient.situation import Memory, Situation
from simpatient.persona.load import Patient
from simpatient.persona.machine import next_stage

UNCLEAR_BELOW = 0.35
"""Mean word confidence under which the patient asks back; the state never moves for a recogniser's trouble."""
LONG_SILENCE, DEAD_AIR, VERY_LONG_SILENCE = 8, 15, 30
"""Seconds from which a pause is a silence, is dead air, makes the patient ask whether anybody is still there."""
SILENCE = 15.0
"""Seconds without a word after which a session tells the patient."""
MIDDLE = 3
"""The middle of the dial of difficulty."""
AHEAD = 4
"""Turns whose techniques are remembered: words that were thought ahead are heard once, and answered at once."""
_META = frozenset({"goodbye", "stop", "own_risk", "say_again", "smalltalk"})
_GOAL_CLASSES: frozenset[ReplyClass] = frozenset({"goal", "goal_more"})
_GOOD: frozenset[ReplyClass] = frozenset({"goal", "goal_more", "agree", "assent_task", "story", "disclose_full"})
_BAD = frozenset("deny blame challenge leave hollow_yes irritation sarcasm scoff walkout refuse unhealthy_goal".split())


class Engine:
    """One patient, one seed, one difficulty from 1 to 5. Holds no state of its own: situations are values."""

    def __init__(self, patient: Patient, detector: Detector, seed: int = 0, difficulty: int = MIDDLE) -> None:
        self.patient = patient
        self.detector = detector
        self._hearing = lru_cache(AHEAD)(detector.hear)
        self.seed = seed
        self.difficulty = difficulty

    def open(self) -> tuple[Reply, Situation]:
        """The patient's first words and where they stand."""
        persona = self.patient.persona
        state = dynamics.start(persona, self.difficulty)
        memory = Memory(
            voiced=bool(persona.agreed_goals), goals=persona.agreed_goals, hope_open=not persona.hope_locked
        )
        texts = persona.opening
        n = replies.number("opening", self._setting(Situation(state, memory), state)) % len(texts) + 1
        reply = replies.spoken(Line(f"opening.{n}", texts[n - 1], "smalltalk", ()), self.patient, state, memory)
        return reply, Situation(state, replace(memory, said=reply))

    def hear(self, now: Situation, utterance: Utterance, interrupting: bool = False) -> tuple[Turn, Situation]:
        """The turn that follows these words; `interrupting`: the learner spoke while the patient was speaking."""
        if utterance.words and utterance.confidence < UNCLEAR_BELOW:
            return self._event(now, utterance, "unclear")
        after = now.memory.said.text if now.memory.said else ""
        hearing = self._hearing(utterance.text, after)
        seconds = (utterance.end_ms - utterance.start_ms) / 1000
        judged = judge(hearing, self._context(now, utterance.text, interrupting, seconds), utterance.text)
        if hearing.uncertain:
            return self._event(now, utterance, "unclear", hearing.detections)
        heard = Heard(utterance.text, judged, hearing)
        named = self._named(utterance.text, heard.codes, now.memory)
        credits = credited(
            judged, hearing, now.memory, utterance.text, self.detector.pack, self.patient.persona, named
        )  # fmt: skip
        mood = Mood(now.memory.voiced, now.memory.hope_open)
        state, effects, mood = dynamics.move(now.state, credits, self.patient.persona, mood, self.difficulty)
        state = replace(state, stage=next_stage(state.stage, state.goal_agreement, state.task_agreement))
        setting = self._setting(now, state, heard)
        said = answers.answer(heard, now, setting, self.patient, self.detector.pack)
        reply = replies.spoken(said.line, self.patient, state, now.memory, said.weighty)
        state = self._remembered(state, said.line, reply)
        detections = tuple(j.detection for j in judged)
        turn = Turn(now.memory.turn + 1, utterance, detections, effects, now.state, state, reply, said.ended)
        return turn, Situation(state, self._memory(now, heard, credits, mood, said, turn, named), said.ended)

    def silence(self, now: Situation, seconds: float = SILENCE) -> tuple[Turn, Situation]:
        """The learner says nothing for so long: the patient reacts, nothing moves."""
        if seconds < LONG_SILENCE:
            event = "goes_on" if "goes_on" in self.patient.events else "silence"
        else:
            later = seconds >= VERY_LONG_SILENCE and "still_there" in self.patient.events
            event = "still_there" if later else "silence"
        return self._event(now, Utterance(""), event, _pause(seconds))

    def _event(
        self, now: Situation, utterance: Utterance, event: str, detections: tuple[Detection, ...] = ()
    ) -> tuple[Turn, Situation]:
        line = answers.happens(event, self._setting(now, now.state), self.patient)
        reply = replies.spoken(line, self.patient, now.state, now.memory)
        state = replace(now.state, used=(*now.state.used, line.id))
        turn = Turn(now.memory.turn + 1, utterance, detections, (), now.state, state, reply)
        return turn, Situation(state, replace(now.memory, turn=turn.no, said=reply))

    # ---- what the words meet

    def _context(self, now: Situation, text: str, interrupting: bool, seconds: float) -> Context:
        persona, memory = self.patient.persona, now.memory
        return Context(
            voluntary=persona.voluntary, obvious_goal=persona.obvious_goal, goal_agreement=now.state.goal_agreement,
            bond=now.state.bond, pros_heard=any(code == "PROS" for _, code in memory.codes), hinted=memory.hinted,
            closed_run=memory.closed_run, raised=frozenset(fact.split("/")[0] for fact in now.state.disclosed),
            interrupting=interrupting, danger=is_dangerous(self.patient, text), seconds=seconds,
        )  # fmt: skip

    def _named(self, text: str, codes: frozenset[str], memory: Memory) -> tuple[str, ...]:
        """The tasks that the learner means: those named now, else those of the last offer."""
        return named_in(text, self.patient.task_cues) or (memory.offered if codes & OFFERS else ())

    def _setting(self, now: Situation, state: AllianceState, heard: Heard | None = None) -> Setting:
        told = frozenset(fact.split("/")[0] for fact in now.state.disclosed if fact.endswith("/full"))
        return Setting(
            state, now.memory.voiced, now.memory.heard(), heard.topics if heard else frozenset(), told,
            heard.text if heard else "", frozenset(now.state.used), self.seed, now.memory.turn + 1,
        )  # fmt: skip

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
        self, now: Situation, heard: Heard, credits: list[Credit], mood: Mood, said: Answer, turn: Turn,
        named: tuple[str, ...],
    ) -> Memory:  # fmt: skip
        old, hearing, line = now.memory, heard.hearing, said.line
        only_closed = "CLOSEDQ" in heard.codes and heard.codes <= {"CLOSEDQ", "Q_CHAIN", "INFO", "HARD_EARLY"}
        hinting = line.id.startswith("hint.")
        return Memory(
            turn=turn.no,
            said=turn.reply,
            codes=old.codes + tuple((turn.no, repetition_key(c.detection, hearing)) for c in credits),
            topics=old.topics + tuple((turn.no, t.name) for t in hearing.topics if t.name not in _META),
            voiced=old.voiced or bool(line.goals) or turn.reply.reply_class in _GOAL_CLASSES,
            hope_open=mood.hope_open,
            hinted=turn.reply.reply_class == "unhealthy_goal" or hinting or self._told_of_risk(line, turn),
            hints=(*old.hints, turn.no) if hinting else old.hints,
            warned=turn.after.reluctance >= self.patient.persona.walkout,
            closed_run=old.closed_run + 1 if only_closed else 0,
            goals=(*(g for g in old.goals if g not in line.goals), *line.goals),
            offered=named or old.offered,
        )

    def _told_of_risk(self, line: Line, turn: Turn) -> bool:
        topic = self.detector.pack.topics.get(line.id.partition(".")[0])
        told = turn.reply.reply_class in ("disclose_partial", "disclose_full")
        return self.patient.persona.risk and told and bool(topic and topic.risk)


def is_dangerous(patient: Patient, text: str) -> bool:
    """Whether going on may mean something dangerous: the patient has such a task, and no healthy one is named."""
    return any(task.danger for task in patient.persona.unhealthy_tasks) and not named_in(text, patient.task_cues)


def _pause(seconds: float) -> tuple[Detection, ...]:
    """A silence as a detection: useful while the patient thinks, dead air when it grows long (domain 2.11)."""
    if seconds < LONG_SILENCE:
        return (Detection("GOOD_SILENCE", "derived", 0, 0, 0.9, "a pause that lets the patient go on"),)
    if seconds >= DEAD_AIR:
        return (Detection("DEAD_AIR", "derived", 0, 0, 0.9, f"{DEAD_AIR} s without a word"),)
    return ()
