"""From a transcript and a station to the mark sheet: items with their evidence, domains, checklist, safety flags.

Never a pass or a fail: the software fills in the checklist and the counts; the global rating is the examiner's.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from simpatient.detect.pack import Pack
from simpatient.grading.conditions import Session, holds, rests_on_the_patient
from simpatient.grading.station import Anchors, Domain, Item, Station
from simpatient.model import DomainMark, Flag, ItemMark, SheetMarks, Transcript
from simpatient.persona.load import Patient

MOST = 4
"""The highest mark of a domain."""
BORDERLINE, GOOD = 1.5, 3.0
"""Domain marks from which the anchor 'borderline' and the anchor 'good' are the nearest."""


def marks(
    transcript: Transcript, station: Station, patient: Patient, pack: Pack, open_loop: bool = False
) -> SheetMarks:
    """The station's mark sheet, filled in. In open loop what rests on the patient's side is indicative, no flag."""
    session = Session(transcript, patient, pack)
    items = tuple(_item(item, domain, session, open_loop) for domain in station.domains for item in domain.items)
    return summed(station, items)


def summed(
    station: Station, items: tuple[ItemMark, ...], by_hand: Mapping[str, float] = MappingProxyType({})
) -> SheetMarks:
    """The sheet that these items make. `by_hand` gives marks of domains, by id, that an examiner set as a whole."""
    domains = tuple(
        _by_hand(d, by_hand[d.id]) if d.id in by_hand else _domain(d, items) for d in station.domains
    )  # fmt: skip
    return SheetMarks(
        station.id, station.version, station.digest, station.title, items, domains, _checklist(domains), _flags(items)
    )


def _item(item: Item, domain: Domain, session: Session, open_loop: bool) -> ItemMark:
    indicative = open_loop and any(rests_on_the_patient(c) for c in (item.when, item.part, item.given))
    blank = ItemMark(
        item.id, domain.id, item.text, "not scored", None, item.points, must=item.must, indicative=indicative
    )
    if item.when is None:
        return replace(blank, not_scored=f"for the examiner: {item.human}")
    if item.given and not holds(item.given, session).holds:
        return replace(blank, not_scored=item.otherwise)
    if (full := holds(item.when, session)).holds:
        return replace(blank, outcome="met", earned=item.points, evidence=full.evidence, review=full.unsure)
    if item.part and (part := holds(item.part, session)).holds:
        return replace(blank, outcome="partly", earned=item.points / 2, evidence=part.evidence, review=part.unsure)
    return replace(blank, outcome="not met", earned=0.0)


def _domain(domain: Domain, items: tuple[ItemMark, ...]) -> DomainMark:
    scored = [item for item in items if item.domain == domain.id and item.earned is not None]
    possible = sum(item.possible for item in scored)
    if not possible:
        return DomainMark(domain.id, domain.title, domain.weight, None, "none of its items could be scored")
    earned = sum(item.earned or 0.0 for item in scored)
    mark = round(MOST * earned / possible, 1)
    return DomainMark(domain.id, domain.title, domain.weight, mark, "", earned, possible, _anchor(domain.anchors, mark))


def _by_hand(domain: Domain, mark: float) -> DomainMark:
    possible = sum(item.points for item in domain.items)
    anchor = _anchor(domain.anchors, mark)
    return DomainMark(domain.id, domain.title, domain.weight, mark, "", possible * mark / MOST, possible, anchor)


def _anchor(anchors: Anchors, mark: float) -> str:
    return anchors.good if mark >= GOOD else anchors.borderline if mark >= BORDERLINE else anchors.failing


def _checklist(domains: tuple[DomainMark, ...]) -> float | None:
    """Each domain counts by its weight, its items by their points; what was not scored counts nowhere."""
    scored = [d for d in domains if d.mark is not None and d.weight]
    weight = sum(d.weight for d in scored)
    if not weight:
        return None
    return round(100 * sum(d.weight * d.earned / d.possible for d in scored) / weight, 1)


def _flags(items: tuple[ItemMark, ...]) -> tuple[Flag, ...]:
    return tuple(
        Flag(f"must:{item.id}", f"A safety item was not met: {item.text}.")
        for item in items
        if item.must and item.outcome == "not met" and not item.indicative
    )
