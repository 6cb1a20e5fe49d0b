"""Where a turn stood: what the patient had just said, what it was about, what was agreed, what had been tried."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from simpatient.cues import Cue, compile_cue
from simpatient.detect.context import GOALS_AGREED
from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.goals import goals_voiced
from simpatient.grading.lessons import feedback
from simpatient.grading.lessons.feedback import Feedback, Thread
from simpatient.grading.mistakes import FORM, mistakes
from simpatient.grading.risk import ASKED, cues_of_dying
from simpatient.model import AllianceState, Detection, Reply, Transcript, Turn
from simpatient.persona.load import Patient
from simpatient.text import uniform

RECENT = 6
"""Turns within which the same technique counts for less."""
NEARLY = 0.06
"""Below the walk-out by so much, the first thing is to mend."""
LOW_HOPE, CLOSED_UP = 0.30, 0.70
SHORTEST, LONGEST = 2, 9
"""Words of a quotation."""
_NO = re.compile(r"(no|nah|nope|never|not to|nothing)\b|.*\bno (plan|thought|such)\b", re.IGNORECASE)
_TITLE = re.compile(r"\b(Mr|Mrs|Ms|Dr)\. ")
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_CLAUSE = re.compile(r"[^,;:–]+")
_SUBJECT = re.compile(r"(I|I'[a-z]+|It|You|They|She|He|We)\b")
_LOOSE = frozenset("and but so or because then that which who whose of to for with if when".split())


@dataclass(frozen=True)
class Interview:
    """A transcript with what the lessons ask of it."""

    transcript: Transcript
    patient: Patient
    pack: Pack
    open_loop: bool = False

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.transcript.turns

    @property
    def name(self) -> str:
        return self.patient.persona.name.split()[0]

    @cached_property
    def feedback(self) -> Feedback:
        return feedback.of(self.patient, self.pack.codes())

    @cached_property
    def wrong(self) -> dict[int, tuple[Detection, ...]]:
        """The mistakes of each turn."""
        return {t.no: mistakes(t, self.patient, self.pack, self.open_loop) for t in self.turns}

    @cached_property
    def dying(self) -> frozenset[int]:
        """Turns in which the patient spoke of dying or self-harm, and did not deny it."""
        spoke = (turn for turn, _ in cues_of_dying(self.transcript, self.pack))
        return frozenset(t.no for t in spoke if not _NO.match(t.reply.text))

    @cached_property
    def asks_of_risk(self) -> frozenset[int]:
        """Turns in which the learner named a subject of risk."""
        pack = self.pack
        cues = [cue for name, cue in pack.topic_cues if pack.topics[name].risk]
        return frozenset(t.no for t in self.turns if any(True for _ in listen.phrases(t.utterance.text, cues)))

    def before(self, turn: Turn) -> "Scene":
        """Where the learner stood before this turn."""
        at = self.turns.index(turn)
        return Scene(self, self.turns[:at], turn.utterance.text)

    def after(self, turn: Turn) -> "Scene":
        """Where the learner stands after the patient's answer in this turn."""
        return Scene(self, self.turns[: self.turns.index(turn) + 1], "")

    def end(self) -> "Scene":
        return Scene(self, self.turns, "")


@dataclass(frozen=True)
class Scene:
    """A moment of an interview, before the learner speaks."""

    interview: Interview
    past: tuple[Turn, ...]
    learner: str
    """What the learner went on to say; "" where that is open."""

    @property
    def said(self) -> Reply:
        """The patient's last words."""
        return self.past[-1].reply if self.past else self.interview.transcript.opening

    @property
    def state(self) -> AllianceState:
        return self.past[-1].after if self.past else self.interview.transcript.start

    @cached_property
    def thread(self) -> Thread:
        """What it was about: in the patient's last words, in the learner's, in what was said before."""
        return self.own_thread or self.interview.feedback.threads[-1]

    @cached_property
    def own_thread(self) -> Thread | None:
        """The thread that somebody has named, if any."""
        threads = self.interview.feedback.threads
        earlier = [t.reply.text for t in reversed(self.past[:-1])]
        for text in (self.said.text, self.learner, *earlier):
            if found := _named(text, threads):
                return found
        return None

    @property
    def it(self) -> str:
        """The matter at hand as a noun phrase; what somebody loves is none, and neither is dying."""
        own = self.thread
        return self.interview.feedback.threads[-1].it if own.loved or own.dark else own.it

    @property
    def dear(self) -> str:
        """What somebody loves, where their last words name it."""
        return self.thread.it if self.thread.loved and self.near else ""

    @cached_property
    def near(self) -> bool:
        """The patient's last words name a thread: there is a complaint or a wish to take up."""
        return _named(self.said.text, self.interview.feedback.threads) is not None

    @cached_property
    def voiced(self) -> tuple[str, ...]:
        """Goals that the patient has voiced, oldest first."""
        found: list[str] = list(self.interview.patient.persona.agreed_goals)
        for turn in self.past:
            found += sorted(g for g in goals_voiced({turn.reply.id}, self.interview.patient) if g not in found)
        return tuple(found)

    @cached_property
    def goal(self) -> str:
        """The goal in question, as a clinician would say it; "" where none has shown."""
        phrases = self.interview.feedback.goals
        last = goals_voiced({self.said.id}, self.interview.patient)
        beneath = self.thread.goal if self.own_thread else ""
        known = [*sorted(last), *([beneath] if beneath in self.voiced or self.near else []), *reversed(self.voiced)]
        return next((phrases[g] for g in known if g in phrases), "")

    @cached_property
    def quote(self) -> str:
        """A few of the patient's last words that stand by themselves, without the final stop; "" if there are none."""
        return quotation(self.said.text, self.thread.named)

    @cached_property
    def used(self) -> frozenset[str]:
        """Every code heard so far."""
        return frozenset(d.code for t in self.past for d in listen.heard(t))

    @cached_property
    def recent(self) -> frozenset[str]:
        return frozenset(d.code for t in self.past[-RECENT:] for d in listen.heard(t))

    @property
    def agreed(self) -> bool:
        return self.state.goal_agreement >= GOALS_AGREED

    @property
    def dark(self) -> bool:
        """The patient has just spoken of dying or self-harm."""
        return bool(self.past) and self.past[-1].no in self.interview.dying

    @property
    def open_risk(self) -> bool:
        """The patient has spoken of it at some time, and was never asked."""
        return any(t.no in self.interview.dying for t in self.past) and not self.asked

    @property
    def asked(self) -> bool:
        return not self.used.isdisjoint(ASKED)

    @property
    def strained(self) -> bool:
        """The patient is about to leave, or has just been hurt and nobody has mended it."""
        near_the_door = self.state.reluctance >= self.interview.patient.persona.walkout - NEARLY
        return near_the_door or (self.hurt and self.state.reluctance >= CLOSED_UP)

    @property
    def hurt(self) -> bool:
        """The last turn was a mistake that asks for an apology."""
        return bool(self.past) and any(d.code not in FORM for d in self.interview.wrong[self.past[-1].no])


def quotation(text: str, named: Sequence[str] = ()) -> str:
    """A whole sentence of 2 to 9 words, one that names the matter and has a subject first; else a whole clause."""
    sentences = [s.strip(" …–-") for s in _SENTENCE.findall(_TITLE.sub(r"\1 ", text))]
    whole = [s for s in sentences if SHORTEST <= len(s.split()) <= LONGEST]
    clauses = [c.strip(" …–-") for s in sentences for c in _CLAUSE.findall(s)]
    stands = [c for c in clauses if 3 <= len(c.split()) <= LONGEST and c.split()[0].lower() not in _LOOSE]
    stands = [
        c
        for c in stands
        if c.split()[-1].lower() not in _LOOSE and re.match(r"(I|I'[a-z]+|It|You|They|She|He|We)\b", c)
    ]
    spoken = [s for s in whole if _SUBJECT.match(s)]
    about = [[s for s in among if _any(s, named)] for among in (spoken, whole)]
    found = next((among for among in (*about, spoken, whole, stands) if among), [])
    return _bare(found[-1]) if found else ""


def _bare(words: str) -> str:
    return words.replace("“", "").replace("”", "").rstrip(" .…")


def _named(text: str, threads: Sequence[Thread]) -> Thread | None:
    return next((thread for thread in threads if _any(text, thread.named)), None)


def _any(text: str, cues: Sequence[str]) -> bool:
    line = uniform(text)
    words = frozenset(line.split())
    return any(True for source in cues for _ in _cue(source).find(line, words))


@lru_cache(maxsize=1024)
def _cue(source: str) -> Cue:
    return compile_cue(source, {})
