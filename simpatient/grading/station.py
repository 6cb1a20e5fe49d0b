"""What a station is: the schema of `personas/<id>/stations/*.yaml`, and the manual of who writes one.

    id: teen-first-visit            small letters, digits and hyphens; the file has the same name
    version: 1
    title: A first visit that was not her idea
    persona: teen                   the patient who sits there
    sheet:                          what the candidate reads, at most 150 words in all
      setting: …
      role: …
      task: [Find out …, …]
      not_required: [A physical examination, …]
    construct: One paragraph: what is assessed, and what competent looks like.
    times: {profile: osce-uk}       or osce-long, clerkship, practice; any time may be given beside it or alone:
                                    {read_s: 60, task_s: 300, warn_s: [60], grace_s: 2, feedback_s: 120}
    topics: [mood, sleep]           what a full history would touch (topic coverage)
    techniques: [GOAL_OPEN, …]      what would fit here (technique range)
    domains:                        the mark sheet; the weights of the domains add up to 100
      - id: goals
        title: Goal agreement
        weight: 30
        anchors: {failing: …, borderline: …, good: …}
        items:
          - id: asks_what_for
            text: Asks what would make the visit worth it
            points: 2
            when: {heard: [GOAL_OPEN], before: [TASK_OFFER]}
            part: {heard: [GOAL_OPEN]}

An item is marked by the software where `when` stands (`part`, if given, earns half of the points), and left to the
examiner where `human` stands: its text is the question put to them. `given` is a condition without which the item is
not scored, and `otherwise` says so in words. `must: true` makes it a safety item: where it was not met a critical flag
is raised, whatever the marks are.

The names that others build on:
    load_station(path) -> Station           places.station(name) -> path, places.stations() -> {id: path}
    Station   .id .version .title .persona .sheet .construct .times .seed .difficulty .themes .topics .techniques
              .domains .competencies .guidance .digest .timing() -> Timing
    Timing    .read_s .task_s .warn_s .grace_s .feedback_s (None: no limit), .extended(reading=1.25, task=1.5)
    Sheet     .setting .role .task .not_required .words()
    Domain    .id .title .weight .anchors .items      Anchors .failing .borderline .good
    Item      .id .text .points .when .part .given .otherwise .human .must
    Condition see the class
    PROFILES  the names of the profiles; profiles() -> {name: Timing}
    simpatient.grading.marks   marks(transcript, station, patient, pack, open_loop=False) -> SheetMarks (model.py)
    simpatient.grading.grade   grade(transcript, patient, pack, station=None, open_loop=False) -> Grade (model.py)
"""

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from simpatient.errors import DataError
from simpatient.model import Stage
from simpatient.persona.schema import Depth
from simpatient.yamlfile import Range, line_of, load

MOST_WORDS = 150
"""Words of a candidate sheet (domain 3.2)."""
FULL_WEIGHT = 100
Profile = Literal["osce-uk", "osce-long", "clerkship", "practice"]
PROFILES: tuple[str, ...] = Profile.__args__  # type: ignore[attr-defined]
Seconds = Annotated[float, Range(0, 24 * 3600)]
DEFAULT_WEIGHTS = {
    "goals": ("Goal agreement", 30), "engagement": ("Engagement and bond", 25), "tasks": ("Task negotiation", 15),
    "risk": ("Risk", 15), "structure": ("Structure and closing", 15),
}  # fmt: skip
"""Domains of an alliance station with their usual weights (domain 3.2)."""


@dataclass(frozen=True)
class Timing:
    """The times of a run, in seconds; None where there is no limit."""

    read_s: Seconds | None
    task_s: Seconds | None
    warn_s: tuple[Seconds, ...] = ()
    """Seconds before the end of the task, the earliest warning first."""
    grace_s: Seconds = 2.0
    """After the last bell the patient may finish a sentence for so long."""
    feedback_s: Seconds | None = None

    def extended(self, reading: float = 1.0, task: float = 1.0) -> "Timing":
        """With extra time, which colleges grant for reading and for the task separately (1.25, 1.5, 2)."""
        read_s = None if self.read_s is None else self.read_s * reading
        return replace(self, read_s=read_s, task_s=None if self.task_s is None else self.task_s * task)


@dataclass(frozen=True)
class Times:
    """The times of a station as written: a profile, times of its own, or a profile with some times changed."""

    profile: Profile | None = None
    read_s: Seconds | None = None
    task_s: Seconds | None = None
    warn_s: tuple[Seconds, ...] | None = None
    grace_s: Seconds | None = None
    feedback_s: Seconds | None = None

    def __post_init__(self) -> None:
        if self.profile is None and self.task_s is None:
            raise ValueError(f"found no times; allowed: profile ({', '.join(PROFILES)}), or task_s and others")
        warnings = self.warn_s or ()
        if list(warnings) != sorted(set(warnings), reverse=True):
            raise ValueError("warn_s: found warnings out of order; allowed: seconds before the end, the longest first")

    def timing(self) -> Timing:
        """The times that hold: those of the profile, with what is written beside it in their place."""
        own = {
            name: value
            for name in ("read_s", "task_s", "warn_s", "grace_s", "feedback_s")
            if (value := getattr(self, name)) is not None
        }
        base = profiles()[self.profile] if self.profile else Timing(None, None)
        return replace(base, **own)


@dataclass(frozen=True)
class _Profiles:
    profiles: dict[str, Timing]


@lru_cache(maxsize=1)
def profiles() -> dict[str, Timing]:
    """The timing profiles by name."""
    return load(Path(__file__).with_name("profiles.yaml"), _Profiles).profiles


@dataclass(frozen=True)
class Sheet:
    """What the candidate reads before the bell."""

    setting: str
    role: str
    task: tuple[str, ...]
    not_required: tuple[str, ...]

    def __post_init__(self) -> None:
        if (words := self.words()) > MOST_WORDS:
            raise ValueError(f"found {words} words; allowed: at most {MOST_WORDS}")

    def words(self) -> int:
        """Words of the whole sheet."""
        return sum(len(text.split()) for text in (self.setting, self.role, *self.task, *self.not_required))


@dataclass(frozen=True)
class Condition:
    """What must have happened. Every key that is given must hold; of a list one is enough, unless it says all.

    Codes count from a confidence of .5. What is sought in learner and patient is sought only before the first of the
    codes of `before`, from the turn of the first of the codes of `after` on, after the first reply of `after_reply`,
    and in the last `last` turns. A code of `before` that never came sets no bound; without the others nothing is found.
    """

    heard: tuple[str, ...] = ()
    """Codes, one of which was heard."""
    times: Annotated[int, Range(1, 20)] = 1
    """So many learner turns must hold one of the codes of `heard`."""
    every: tuple[str, ...] = ()
    """Codes, all of which were heard."""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    after_reply: tuple[str, ...] = ()
    """Classes of reply, or beginnings of reply ids such as `hint.`."""
    last: Annotated[int, Range(0, 20)] = 0
    """0: anywhere."""
    never: tuple[str, ...] = ()
    """Codes, none of which was heard in the whole session."""
    asked: tuple[str, ...] = ()
    """Topics, one of which the learner named in a question, or the patient answered about."""
    told: tuple[str, ...] = ()
    """Topics, one of which the patient told at `depth` or deeper."""
    topics: Annotated[int, Range(1, 20)] = 1
    """So many different topics of `asked` or `told`."""
    depth: Depth = "partial"
    says: tuple[str, ...] = ()
    """Cues (`simpatient.cues`), one of which stands in the learner's words. Lists of simpatient/grading/words.yaml
    stand in them as <safety> (a step that makes safer), <next> (a next meeting), <limit>, <limited>, <promise> (of
    privacy: its limit, both together, without it), <presenting>, <recent>, <past>, <immediate> (the times of CASE).
    """
    replies: tuple[str, ...] = ()
    """Classes of reply, or beginnings of reply ids, one of which the patient gave."""
    at_least: dict[str, Annotated[float, Range(0, 1)]] = field(default_factory=dict)
    """Lowest values at the end: {goal_agreement: .45}."""
    at_most: dict[str, Annotated[float, Range(0, 1)]] = field(default_factory=dict)
    stage: tuple[Stage, ...] = ()
    """Stages, one of which the patient reached at some time."""
    goals: Annotated[int, Range(0, 20)] = 0
    """So many goals the patient voiced in this session."""
    tasks: Annotated[int, Range(0, 20)] = 0
    """So many tasks the patient freely agreed to."""
    turns: Annotated[int, Range(0, 60)] = 0
    """So many learner turns there were."""
    together: bool = False
    """What is sought must stand in one and the same turn."""
    any: tuple["Condition", ...] = ()
    """Conditions, one of which must hold."""


@dataclass(frozen=True)
class Item:
    """One line of the mark sheet."""

    id: str
    text: str
    points: Annotated[float, Range(0.5, 10)] = 1.0
    when: Condition | None = None
    part: Condition | None = None
    """Earns half of the points where `when` does not hold."""
    given: Condition | None = None
    otherwise: str = ""
    """Why the item is not scored where `given` does not hold: "the patient gave no hint"."""
    human: str = ""
    """The question put to the examiner, where no software can judge."""
    must: bool = False
    """A safety item: unmet, it is a critical flag."""

    def __post_init__(self) -> None:
        if bool(self.human) == (self.when is not None):
            raise ValueError(f"item {self.id}: found both or neither of `when` and `human`; allowed: one of them")
        if self.human and (self.part or self.must):
            raise ValueError(f"item {self.id}: found `part` or `must` beside `human`; the software cannot judge it")
        if bool(self.given) != bool(self.otherwise):
            raise ValueError(f"item {self.id}: `given` and `otherwise` stand together or not at all")


@dataclass(frozen=True)
class Anchors:
    """What a mark means, in words."""

    failing: str
    borderline: str
    good: str


@dataclass(frozen=True)
class Domain:
    """A part of the mark sheet, marked 0 to 4."""

    id: str
    title: str
    weight: Annotated[float, Range(0, FULL_WEIGHT)]
    anchors: Anchors
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Station:
    """One station, as written."""

    id: str
    version: int
    title: str
    persona: str
    sheet: Sheet
    construct: str
    times: Times
    domains: tuple[Domain, ...]
    seed: int = 0
    difficulty: Annotated[int, Range(1, 5)] = 3
    themes: tuple[str, ...] = ()
    """Distressing themes, told to the candidate before they begin: suicide, self-harm."""
    topics: tuple[str, ...] = ()
    """Topics that a full history would touch; topic coverage is counted over them."""
    techniques: tuple[str, ...] = ()
    """Codes that fit here; technique range is counted over them."""
    competencies: tuple[str, ...] = ()
    """Tags of the user's own, such as a blueprint's."""
    guidance: str = ""
    """For the examiner."""
    _digest: str = ""

    @property
    def digest(self) -> str:
        """sha256 of the file, as 'sha256:…'."""
        return self._digest

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item in the order of the sheet."""
        return tuple(item for domain in self.domains for item in domain.items)

    def timing(self) -> Timing:
        return self.times.timing()


def load_station(path: Path) -> Station:
    """Reads a station. Raises DataError with file:line; what a schema cannot see, `station_check` finds."""
    station = load(path, Station)
    if station.id != path.stem:
        raise DataError(f"{path}:1: id: found {station.id!r}; allowed: {path.stem!r}, the name of the file")
    if (total := sum(domain.weight for domain in station.domains)) != FULL_WEIGHT:
        line = line_of(path, "domains:")
        raise DataError(f"{path}:{line}: domains: found weights that add up to {total:g}; allowed: {FULL_WEIGHT}")
    return replace(station, _digest="sha256:" + hashlib.sha256(path.read_bytes()).hexdigest())
