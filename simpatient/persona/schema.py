"""Who a patient is: the schema of `personas/<id>/`, and the authors' manual.

A patient is a folder of three files:

    persona.yaml   who they are, where they stand at the start, goals, tasks, voice       → Persona
    topics.yaml    what they tell about which topic, at three depths                      → Topics
    replies.yaml   what they say to a technique, and at events such as silence or leaving → Replies

Lines are chosen like this. The technique that asks most of the patient decides the bank (`techniques:`); a question
about a topic is answered from `topics:` at the depth that the patient's openness allows. In a bank every group whose
conditions all hold may speak; the group with the most conditions goes first; inside it a seeded draw among lines not
yet said. No line is said twice while another is left.

Conditions of a group (leave out what does not matter):
    reluctance: [low, middle, high]   low < .40 ≤ middle < .70 ≤ high
    hope: [low, high]                 low < .30 ≤ high
    stage: [precontemplation, contemplation, preparation, action]
    agreed: true | false              agreement on goals has reached .45
    voiced: true | false              the patient has already voiced a goal of their own in this session
    heard: [CODE, …]                  one of these codes came in an earlier turn
    topic: [mood, home]               the learner names one of these topics in this turn
    told: [dreams]                    the patient has told one of these topics in full in this session
    named: ["tablet*", "the ward"]    one of these cues (see `simpatient.cues`) stands in the learner's words

Slots in a line: {goal} is the short form of the goal that the patient voiced last (only in groups with voiced: true),
{last} is what the patient said just before (only at the event `repeat`).

Events: greeting, acknowledge (a remark that needs no answer), unknown (a question that was not understood), unclear
(recognition failed), repeat (the learner asks what the patient said), silence (the learner says nothing for long),
still_there (longer), goes_on (a pause that lets the patient add something), hint (of a wish to die, unasked, at most
twice), smalltalk, interrupted, abuse, warning, walkout, refuse, exit_curt, exit_maybe, exit_next.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from simpatient.model import ReplyClass, Stage
from simpatient.yamlfile import Range

Score = Annotated[float, Range(0.0, 1.0)]
Gain = Annotated[float, Range(0.0, 2.0)]
Band = Literal["low", "middle", "high"]
Depth = Literal["deflect", "partial", "full"]
GoalClass = Literal["biological", "agency", "affiliation", "spiritual"]
TaskKind = Literal["physical", "psychological", "spiritual", "medical"]
Event = Literal[
    "greeting", "acknowledge", "unknown", "unclear", "repeat", "silence", "still_there", "goes_on", "hint", "smalltalk",
    "interrupted", "abuse", "warning", "walkout", "refuse", "exit_curt", "exit_maybe", "exit_next",
]  # fmt: skip
EVENTS: tuple[str, ...] = Event.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Start:
    """Where the patient stands when the learner comes in (domain: state variables)."""

    reluctance: Score
    hope: Score
    goal_agreement: Score
    task_agreement: Score
    bond: Score
    unhealthy_goal: Score = 0.0


@dataclass(frozen=True)
class Voice:
    """How the machine voice speaks for this person."""

    rate: Annotated[int, Range(100, 240)] = 170
    """Words per minute."""
    pitch: Annotated[int, Range(0, 99)] = 50
    gender: Literal["female", "male", "any"] = "any"
    variant: str = ""
    """An espeak-ng variant such as f3 or m2; used where that engine speaks."""


@dataclass(frozen=True)
class Goal:
    """What the patient wants, in their own words."""

    id: str
    text: str
    class_: GoalClass
    short: str = ""
    """A noun phrase in the patient's own voice, for the slot {goal}: "my Fridays back"."""


@dataclass(frozen=True)
class UnhealthyGoal:
    """A goal that harms, and the healthy ones beneath it."""

    id: str
    text: str
    underlying: tuple[str, ...]
    floor: Score = 0.0
    """One interview never lowers its strength below this."""


@dataclass(frozen=True)
class Task:
    """A step that could serve a goal."""

    id: str
    goal: str
    kind: TaskKind
    text: str
    acceptability: Score
    """1: would do it at once; .5: as the table says; 0: never."""
    named: tuple[str, ...] = ()
    """Cues by which a learner names it: "tablet*", "sleep diary"."""


@dataclass(frozen=True)
class UnhealthyTask:
    """What the patient does or would do instead, such as smoking cannabis."""

    id: str
    text: str
    named: tuple[str, ...]
    danger: bool = False
    """True: trying it for a while is unsafe, and proposing so is a mistake (escalating self-injury, say)."""


@dataclass(frozen=True)
class Persona:
    """persona.yaml."""

    id: str
    version: int
    name: str
    age: Annotated[int, Range(10, 100)]
    pronouns: str
    setting: str
    """What the learner is told: where, who sent the patient, why. At most three sentences."""
    life: str
    """What the author knows about this person; the learner does not see it."""
    manner: str
    """How they talk, and what their resistance looks like."""
    opening: tuple[str, ...]
    """What they say when the learner comes in; one is drawn."""
    start: Start
    voluntary: bool
    style: Literal["autonomy", "affiliation", "neutral"]
    goals: tuple[Goal, ...]
    tasks: tuple[Task, ...]
    wins: tuple[str, ...]
    """What wins this person over, for the debrief."""
    triggers: tuple[str, ...]
    """What hurts this person, for the debrief."""
    unhealthy_goals: tuple[UnhealthyGoal, ...] = ()
    unhealthy_tasks: tuple[UnhealthyTask, ...] = ()
    agreed_goals: tuple[str, ...] = ()
    """Goals agreed on before this session."""
    gains: dict[str, Gain] = field(default_factory=dict)
    """How strongly a code moves this person, as a factor on all its effects; others move as in the table."""
    obvious_goal: bool = False
    can_leave: bool = True
    """False: the patient cannot walk out and refuses to talk instead."""
    walkout: Score = 0.93
    hope_locked: bool = False
    """Hope rises at half the rate until the problem is externalised or a strength is named (domain: V4)."""
    risk: bool = False
    """Suicide risk is part of this person: the report asks for risk questions and a safety step."""
    voice: Voice = field(default_factory=Voice)


@dataclass(frozen=True)
class Topic:
    """What is told about one topic; at least two wordings a depth."""

    deflect: tuple[str, ...]
    partial: tuple[str, ...]
    full: tuple[str, ...]
    gate: Annotated[int, Range(0, 4)] | None = None
    """Overrides the topic's usual gate."""
    goals: tuple[str, ...] = ()
    """Goals that the full answer voices."""


@dataclass(frozen=True)
class Topics:
    """topics.yaml."""

    topics: dict[str, Topic]


@dataclass(frozen=True)
class Group:
    """Lines of one class that may be said when all conditions hold."""

    class_: ReplyClass
    say: tuple[str, ...]
    reluctance: tuple[Band, ...] = ()
    hope: tuple[Literal["low", "high"], ...] = ()
    stage: tuple[Stage, ...] = ()
    agreed: bool | None = None
    voiced: bool | None = None
    heard: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    """Ids of the goals that these lines voice."""


@dataclass(frozen=True)
class Replies:
    """replies.yaml."""

    techniques: dict[str, tuple[Group, ...]]
    events: dict[str, tuple[Group, ...]]
