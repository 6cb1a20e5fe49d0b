"""From a transcript and a station to the mark sheet: items with their evidence, domains, checklist, critical flags.

Never a pass or a fail: the software fills in the checklist and the counts; the global rating is the examiner's.
"""

from dataclasses import dataclass
from typing import Literal

from simpatient.model import Evidence

Outcome = Literal["met", "partly", "not met", "not scored"]


@dataclass(frozen=True, slots=True)
class ItemMark:
    """One line of the mark sheet, marked."""

    id: str
    domain: str
    text: str
    outcome: Outcome
    earned: float | None
    """Points; None where the item is not scored."""
    possible: float
    not_scored: str = ""
    """Why not: "for the examiner: …", "the patient gave no hint"."""
    evidence: tuple[Evidence, ...] = ()
    must: bool = False
    review: bool = False
    """It rests on something heard with a confidence below .7; a human should look."""


@dataclass(frozen=True, slots=True)
class DomainMark:
    """A domain, 0 to 4."""

    id: str
    title: str
    weight: float
    mark: float | None
    not_scored: str = ""
    anchor: str = ""
    """The anchor of the station that is nearest to the mark, in words."""


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
    items: tuple[ItemMark, ...]
    domains: tuple[DomainMark, ...]
    checklist: float | None
    """Per cent: 100·Σ w·x / Σ w over the scored items."""
    flags: tuple[Flag, ...]
