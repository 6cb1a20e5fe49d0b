"""The general library: what holds for everybody. Read once, from library/*.yaml."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from simpatient.yamlfile import load

FOLDER = Path(__file__).parent / "library"


@dataclass(frozen=True)
class Choices:
    """choices.yaml: which techniques come into question, most fitting first."""

    mistakes: dict[str, tuple[str, ...]]
    replies: dict[str, tuple[str, ...]]
    situations: dict[str, tuple[str, ...]]
    happened: dict[str, str]
    """What a code is to the patient."""
    because: dict[str, str]
    """And how they would sum it up to a friend."""
    telling: tuple[str, ...]
    """Codes, the one that made a strong moment before the others."""
    answers: dict[str, tuple[str, ...]]
    """By kind of cue, the codes that take it up."""
    agreeing: tuple[str, ...]
    """Codes after which a yes is about change, and a but about a wish."""
    feelings: tuple[str, ...]
    """Topics of which somebody tells for the sake of being heard."""


@dataclass(frozen=True)
class Wordings:
    """wordings.yaml."""

    leads: dict[str, tuple[str, ...]]
    """Openings that take up the patient's last words, by class of reply; `any` for the others."""
    say: dict[str, tuple[str, ...]]
    """By code, sentences with slots."""
    loved: dict[str, tuple[str, ...]]
    """The same, about something that the patient loves."""
    dark: dict[str, tuple[str, ...]]
    """The same, right after somebody has spoken of dying."""


@dataclass(frozen=True)
class Reasons:
    """reasons.yaml."""

    said: tuple[str, ...]
    """How a turning point begins: what the patient had just said."""
    mistakes: dict[str, tuple[str, ...]]
    unused: dict[str, tuple[str, ...]]
    """What was left lying, by kind of cue; `any` for the others."""
    helps: dict[str, tuple[str, ...]]
    """What a technique does."""
    when: dict[str, tuple[str, ...]]
    """When to try it."""
    missed: dict[str, tuple[str, ...]]
    thoughts: dict[str, tuple[str, ...]]
    """For a patient who has none of their own."""
    ending: dict[str, tuple[str, ...]]
    because: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Drill:
    """One thing to practise, and where."""

    title: str
    why: str
    persona: str
    station: str = ""


@dataclass(frozen=True)
class Drills:
    """drills.yaml."""

    drills: dict[str, tuple[Drill, ...]]


@lru_cache(maxsize=1)
def choices() -> Choices:
    return load(FOLDER / "choices.yaml", Choices)


@lru_cache(maxsize=1)
def wordings() -> Wordings:
    return load(FOLDER / "wordings.yaml", Wordings)


@lru_cache(maxsize=1)
def reasons() -> Reasons:
    return load(FOLDER / "reasons.yaml", Reasons)


@lru_cache(maxsize=1)
def drills() -> Drills:
    return load(FOLDER / "drills.yaml", Drills)
