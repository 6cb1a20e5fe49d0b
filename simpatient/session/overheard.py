"""A patient who speaks for themselves: in a recording with a channel each, what was really said stands for the engine's
answers. Detection then hears the learner's words after the patient's own, and nobody walks out who stayed.

An answer that is one of this patient's lines in substance (most of its weighty words) takes that line's name, so that
goals voiced and topics told are counted; any other is `recorded`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from simpatient.detect.detector import Detector
from simpatient.grading.listen import topics_in
from simpatient.model import Ended, Reply, ReplyClass, Turn, Utterance, Word
from simpatient.patient.engine import SILENCE, Engine
from simpatient.patient.situation import Situation
from simpatient.persona.load import Patient
from simpatient.session.journal import Read
from simpatient.session.turns import together
from simpatient.text import content_words, uniform

RECORDED = "recorded"
"""The id of an answer that is none of the patient's lines; what a journal's header says of such a patient."""
ALIKE, WORDS = 0.6, 3
"""Shared weighty words, of both together (Dice), and how many there must be, for the same line."""
PHRASE_MS = 500
"""A pause that ends a phrase of the patient."""
OVER_MS = 200
"""By so much a learner's turn must lie inside a phrase of the patient to be talking over them."""
_DYING = re.compile(
    r"\b((kill|hurt|harm|cut)(ing|ting)? myself|(take|end|ending|taking) my (own )?life|end it all|suicidal|"
    r"(want|wanted|wish|wished|rather|better off|going) (to |i )?(be |was |were )?(die|dead|gone))\b"
)
_DENIED = re.compile(r"\b(not|no|never|without|nobody|she|he|they|you) (\w+ ){0,4}$")
"""Within four words before: a denial, or somebody else."""
BLEED_MS = 150
"""The same word this close on both channels is one voice in two microphones."""
_TELLS = frozenset({"disclose_partial", "disclose_full", "unhealthy_goal", "hint"})
_DEPTH: dict[str, ReplyClass] = {"deflect": "deflect", "partial": "disclose_partial", "full": "disclose_full"}


@dataclass(frozen=True)
class Conversation:
    """A recording's two sides."""

    steps: tuple[Utterance | None, ...]
    """The learner's turns; None is a long silence of both."""
    answers: tuple[Reply, ...]
    """The patient's first words, then what they answered to each step."""
    interrupting: frozenset[int]
    """Numbers of the turns that begin while the patient speaks."""


class Overheard(Engine):
    """Obeys Engine; the answers are given."""

    def __init__(
        self, patient: Patient, detector: Detector, seed: int, difficulty: int,
        answers: Sequence[Reply], interrupting: frozenset[int],
    ) -> None:  # fmt: skip
        super().__init__(patient, detector, seed, difficulty)
        self._answers = answers
        self._interrupting = interrupting

    def open(self) -> tuple[Reply, Situation]:
        _, now = super().open()
        return self._answers[0], self._told(now, self._answers[0])

    def hear(self, now: Situation, utterance: Utterance, interrupting: bool = False) -> tuple[Turn, Situation]:
        over = interrupting or now.memory.turn + 1 in self._interrupting
        return self._answered(*super().hear(now, utterance, over))

    def silence(self, now: Situation, seconds: float = SILENCE) -> tuple[Turn, Situation]:
        return self._answered(*super().silence(now, seconds))

    def _answered(self, turn: Turn, after: Situation) -> tuple[Turn, Situation]:
        ended: Ended | None = "aborted" if turn.ended == "aborted" else None
        reply = self._answers[turn.no]
        told = self._told(replace(after, ended=ended), reply)
        return replace(turn, reply=reply, after=told.state, ended=ended), told

    def _told(self, now: Situation, reply: Reply) -> Situation:
        """What is remembered of the patient's own words."""
        topics = topics_in(reply.text, self.detector.pack)
        facts = tuple(f"{name}/partial" for name in sorted(topics))
        fresh = tuple(fact for fact in facts if fact not in now.state.disclosed)
        state = replace(now.state, disclosed=(*now.state.disclosed, *fresh))
        voiced = now.memory.voiced or reply.reply_class in ("goal", "goal_more")
        memory = replace(now.memory, said=reply, hinted=speaks_of_dying(reply.text, self.detector), voiced=voiced)
        return Situation(state, memory, now.ended)


def again(journal: Read, engine: Engine) -> Engine:
    """The engine that repeats a journal: itself, or one that takes the answers from there."""
    if journal.header.get("patient") != RECORDED:
        return engine
    told = journal.transcript()
    over = frozenset(t.no for t in told.turns if any(d.code == "INTERRUPT" for d in t.detections))
    answers = (told.opening, *(turn.reply for turn in told.turns))
    return Overheard(engine.patient, engine.detector, engine.seed, engine.difficulty, answers, over)


def open_loop(journal: Read) -> bool:
    """Whether the patient's side of a session was only guessed: a graded recording of a learner alone."""
    return journal.header.get("mode") == "grade" and journal.header.get("patient") != RECORDED


def speaks_of_dying(text: str, detector: Detector) -> bool:
    """Whether the patient says of themselves that they want to die or hurt themselves, and does not deny it."""
    if not text:
        return False
    words = uniform(text)
    denied = any(_DENIED.search(words[: hit.start()]) for hit in _DYING.finditer(words))
    return not denied and (bool(_DYING.search(words)) or any(t.name == "own_risk" for t in detector.hear(text).topics))


# ---- from words to a conversation


def conversation(
    learner: Iterable[Word], patient: Iterable[Word], gap_ms: int, who: Patient, detector: Detector
) -> Conversation:
    """Both channels' words in the order of time."""
    mine = list(learner)
    phrases = list(_phrases(_without_bleed(list(patient), mine)))
    turns = [together(words) for words in _turns(mine, phrases, gap_ms)]
    lines = Lines(who, detector)
    borders = [(0, turns[0].start_ms if turns else 0)]
    borders += [(a.start_ms, b.start_ms) for a, b in pairwise(turns)]
    borders += [(turns[-1].start_ms, 1 << 62)] if turns else []
    said = [[w for p in phrases if since <= p[0].start_ms < until for w in p] for since, until in borders]
    steps: list[Utterance | None] = []
    answers = [lines.reply(said[0], 0)]
    interrupting: set[int] = set()
    quiet_since = None
    for turn, words in zip(turns, said[1:], strict=True):
        if quiet_since is not None and turn.start_ms - quiet_since >= 1000 * SILENCE:
            steps.append(None)
            answers.append(lines.reply([], 0))
        steps.append(turn)
        answers.append(lines.reply(words, turn.end_ms))
        if any(p[0].start_ms + OVER_MS <= turn.start_ms <= p[-1].end_ms - OVER_MS for p in phrases):
            interrupting.add(len(steps))
        quiet_since = max([turn.end_ms, *(w.end_ms for w in words)])
    return Conversation(tuple(steps), tuple(answers), frozenset(interrupting))


def _turns(words: list[Word], phrases: list[list[Word]], gap_ms: int) -> Iterator[list[Word]]:
    """A turn ends where the patient speaks in a pause, or with a long pause."""
    held: list[Word] = []
    for word in words:
        if held:
            since, until = held[-1].end_ms, word.start_ms
            answered = any(since <= p[0].start_ms and p[-1].end_ms <= until + OVER_MS for p in phrases)
            if until - since >= gap_ms or answered:
                yield held
                held = []
        held.append(word)
    if held:
        yield held


def _phrases(words: list[Word]) -> Iterator[list[Word]]:
    held: list[Word] = []
    for word in words:
        if held and word.start_ms - held[-1].end_ms >= PHRASE_MS:
            yield held
            held = []
        held.append(word)
    if held:
        yield held


def _without_bleed(words: list[Word], other: list[Word]) -> list[Word]:
    """Without the learner's voice in the patient's microphone."""
    heard: dict[str, list[int]] = {}
    for word in other:
        heard.setdefault(word.text, []).append(word.start_ms)
    return [w for w in words if all(abs(w.start_ms - at) > BLEED_MS for at in heard.get(w.text, ()))]


class Lines:
    """The patient's lines by their weighty words."""

    def __init__(self, patient: Patient, detector: Detector) -> None:
        self._detector = detector
        self._lines = [(line, kind, content_words(text)) for line, kind, text in _all(patient)]

    def reply(self, words: list[Word], after_ms: int) -> Reply:
        """What was answered, how fast, and how long after the learner's words."""
        if not words:
            return Reply(RECORDED, "…", "silence")
        text = " ".join(word.text for word in words)
        spoken_ms = max(1, words[-1].end_ms - words[0].start_ms)
        rate = max(1, round(60_000 * len(words) / spoken_ms))
        line, kind = self._of(text)
        if kind not in _TELLS and speaks_of_dying(text, self._detector):
            line, kind = f"hint.{RECORDED}", "hint"
        return Reply(line, text, kind, rate, pause_ms=max(0, words[0].start_ms - after_ms))

    def _of(self, text: str) -> tuple[str, ReplyClass]:
        said = content_words(text)
        best, found = 0.0, (RECORDED, "smalltalk")
        for line, kind, words in self._lines:
            shared = len(said & words)
            if shared >= WORDS and (score := 2 * shared / (len(said) + len(words))) > best:
                best, found = score, (line, kind)
        return found if best >= ALIKE else (RECORDED, "smalltalk")  # type: ignore[return-value]


def _all(patient: Patient) -> Iterator[tuple[str, ReplyClass, str]]:
    """Every line as (id, class, text); ids as the engine gives them."""
    for n, text in enumerate(patient.persona.opening, 1):
        yield f"opening.{n}", "smalltalk", text
    for name, topic in patient.topics.items():
        for depth, kind in _DEPTH.items():
            for n, text in enumerate(getattr(topic, depth), 1):
                yield f"{name}.{depth}.{n}", kind, text
    for name, groups in {**patient.techniques, **patient.events}.items():
        for i, group in enumerate(groups, 1):
            for n, text in enumerate(group.say, 1):
                yield f"{name}.{i}.{n}", group.class_, text
