"""The values that flow through the program. All frozen; none reads a clock, draws a number or makes an id.

Scores (reluctance, hope, agreement, bond, confidence) lie in 0..1; times are milliseconds from the start of the audio.
"""

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["precontemplation", "contemplation", "preparation", "action"]
Ended = Literal["closed", "time", "walkout", "refuses", "aborted", "tech"]
Layer = Literal["surface", "derived"]
Behaviour = Literal["question", "reflection", "input", "other"]
ReplyClass = Literal[
    "deny", "blame", "minimise", "one_word", "question_back", "challenge", "test_confidentiality", "leave", "yes_but",
    "hollow_yes", "irritation", "topic_switch", "silence", "sarcasm", "plea", "unhealthy_goal", "hedge", "goal",
    "goal_more", "agree", "assent_task", "decline_task", "story", "disclose_partial", "disclose_full", "deflect",
    "scoff", "obvious", "repair", "smalltalk", "hint", "interrupted", "exit", "walkout", "refuse",
]  # fmt: skip

VARIABLES = ("reluctance", "hope", "goal_agreement", "task_agreement", "bond")
PLACES = 4
"""Decimal places of every score that is written."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    """0..1, the recogniser's own; not a probability."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One learner turn, as heard or typed."""

    text: str
    words: tuple[Word, ...] = ()
    start_ms: int = 0
    end_ms: int = 0
    source: Literal["audio", "typed"] = "typed"

    @property
    def confidence(self) -> float:
        """Mean word confidence; 1.0 for typed text."""
        return sum(w.confidence for w in self.words) / len(self.words) if self.words else 1.0


@dataclass(frozen=True, slots=True)
class Detection:
    """A technique found in the words, with its evidence."""

    code: str
    layer: Layer
    start: int
    """Character offset into the text as it was given."""
    end: int
    confidence: float
    """0..1 in steps of .05; below .5 never credited, below .7 credited in part."""
    cue: str
    """The cue that fired, or the rule of a derived code."""


@dataclass(frozen=True, slots=True)
class AllianceState:
    """Where the patient stands. Agreement is Bordin's: on goals and on tasks (Bordin 1979)."""

    stage: Stage
    reluctance: float
    hope: float
    goal_agreement: float
    task_agreement: float
    bond: float
    momentum: float = 0.0
    """-1..1, the mood of the last replies; half-life about 1.4 turns."""
    unhealthy_goal: float = 0.0
    disclosed: tuple[str, ...] = ()
    """Facts told so far, as topic/depth."""
    used: tuple[str, ...] = ()
    """Ids of the lines said so far."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One movement of one variable, and the learner's words that caused it."""

    variable: str
    delta: float
    because: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the patient says, and how."""

    id: str
    text: str
    reply_class: ReplyClass
    rate: int = 170
    """Words per minute."""
    pitch: int = 50
    """0..99, the voice's own scale."""
    pause_ms: int = 0
    """Silence before the first word."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange: what was heard, what it did, what the patient answered."""

    no: int
    utterance: Utterance
    detections: tuple[Detection, ...]
    effects: tuple[Effect, ...]
    before: AllianceState
    after: AllianceState
    reply: Reply
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole session as the journal tells it; all that grading sees."""

    persona: str
    seed: int
    opening: Reply
    start: AllianceState
    turns: tuple[Turn, ...] = ()
    ended: Ended | None = None
    header: dict[str, object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A moment that a mark rests on."""

    turn: int
    start_ms: int
    """From the start of the audio; 0 where the turn was typed."""
    end_ms: int
    quote: str
    """The words: the learner's, or the patient's where `rule` says so."""
    code: str
    confidence: float
    rule: str
    """The cue or rule by which it was found."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure of a grade: a value with its evidence, or the reason why there is none."""

    name: str
    value: float | str | None
    unit: str = ""
    not_scored: str = ""
    evidence: tuple[str, ...] = ()
    """What the figure is made of, in words."""
    found: tuple[Evidence, ...] = ()
    """The moments it rests on."""
    group: str = ""
    """The heading it stands under."""
    indicative: bool = False
    """Open loop, or a figure that software cannot tell well: to be read with care."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A turn worth looking at again."""

    turn: int
    kind: Literal["strong", "turning", "missed"]
    quote: str
    why: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class ItemMark:
    """One line of a station's mark sheet, marked."""

    id: str
    domain: str
    text: str
    outcome: Literal["met", "partly", "not met", "not scored"]
    earned: float | None
    """Points; None where the item is not scored."""
    possible: float
    not_scored: str = ""
    """Why not: "for the examiner: …", "the patient gave no hint"."""
    evidence: tuple[Evidence, ...] = ()
    must: bool = False
    """A safety item: unmet, it is a critical flag."""
    review: bool = False
    """It rests on something heard with a confidence below .7; a human should look."""
    indicative: bool = False
    """Open loop: it depends on what only a real patient could have said."""


@dataclass(frozen=True, slots=True)
class DomainMark:
    """A domain of a mark sheet, 0 to 4."""

    id: str
    title: str
    weight: float
    mark: float | None
    not_scored: str = ""
    earned: float = 0.0
    possible: float = 0.0
    """Points of the scored items."""
    anchor: str = ""
    """The station's words for a mark like this one."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that no average hides."""

    id: str
    text: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """A filled-in mark sheet. It never passes or fails anybody."""

    station: str
    version: int
    digest: str
    title: str
    items: tuple[ItemMark, ...]
    domains: tuple[DomainMark, ...]
    checklist: float | None
    """Per cent: 100·Σ w·x / Σ w over the scored items, w the share of the item in the weight of its domain."""
    flags: tuple[Flag, ...]
    """The safety items that were not met."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an examiner decided about one thing, beside what the software had made of it."""

    examiner: str
    at: str
    """Date and time in UTC."""
    what: Literal["global", "item", "domain", "detection", "comment"]
    target: str
    """The id of the item or domain; turn:code of a detection; "" of a global rating or a comment."""
    old: str
    """The software's: met, partly, not met, not scored; a domain's mark; yes, no; "" where it never judges."""
    new: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class HumanMarks:
    """How one examiner marked the session. The software's marks stand beside it, unchanged."""

    examiner: str
    rating: int | None
    """The global rating: 1 fail, 2 borderline, 3 pass, 4 very good, 5 outstanding."""
    judgements: tuple[Judgement, ...]
    """The last word on each thing, comments in their order."""
    sheet: SheetMarks | None
    """The mark sheet as this examiner leaves it: the software's, except where judged otherwise."""


@dataclass(frozen=True, slots=True)
class TechniqueCount:
    """How often one code was heard."""

    code: str
    name: str
    family: str
    """The pack's family; "derived" for codes of the situation."""
    n: int
    per_10_min: float | None
    """None where the turns have no times."""
    mistake: bool
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grade:
    """What the session shows about the learner. Formative: it never passes or fails anybody."""

    persona: str
    outcome: str
    """One sentence: would the patient come back?"""
    second_visit: float
    """0..1, the likelihood of a second visit."""
    marks: tuple[Mark, ...]
    moments: tuple[Moment, ...]
    concerns: tuple[str, ...]
    """Critical flags in words, and what else must not be forgotten; never averaged away."""
    flags: tuple[Flag, ...] = ()
    """Critical flags with their evidence."""
    techniques: tuple[TechniqueCount, ...] = ()
    sheet: SheetMarks | None = None
    """The station's mark sheet, where there was a station."""
    open_loop: bool = False
    """The patient's side was the engine's, not the recording's: figures that rest on it are indicative."""
    about: dict[str, object] = field(default_factory=dict)
    """What was graded with what: versions and digests."""
    human: tuple[HumanMarks, ...] = ()
    """What examiners made of it, in the order of their first word."""
