"""Checks a station as its author should: every finding says file:line, what was found and what is allowed.

Beyond what loading refuses: names that nobody knows, items that nothing or everything would meet, a sheet that does not
say who sits there, and safety items that a patient at risk needs.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from simpatient.cues import CueError
from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.station import Condition, Item, Station
from simpatient.model import VARIABLES, ReplyClass
from simpatient.persona.load import DERIVED, Patient
from simpatient.persona.schema import EVENTS
from simpatient.yamlfile import line_of

CLASSES: tuple[str, ...] = get_args(ReplyClass)
_CODES = ("heard", "every", "before", "after", "never")
_BOUNDS = ("before", "after", "after_reply", "last", "together", "times", "depth", "topics")
"""Keys that narrow what others seek, and seek nothing themselves."""
ASKED_ABOUT = frozenset({"SI_ASK", "CASE_NORM", "CASE_SHAME"})


def problems(file: Path, station: Station, patient: Patient, pack: Pack) -> list[str]:
    """Everything wrong with a station that could be loaded from `file`."""
    found = [*_twice(file, station), *_sheet(file, station, patient), *_times(file, station)]
    found += _known(file, "techniques", station.techniques, (*pack.codes(), *DERIVED))
    found += _known(file, "topics", station.topics, patient.topics)
    for item in station.items:
        for condition in (item.when, item.part, item.given):
            if condition is not None:
                found += _condition(file, item, condition, patient, pack)
    return [*found, *_safety(file, station, patient)]


def _at(file: Path, needle: str) -> str:
    return f"{file}:{line_of(file, needle)}"


def _known(file: Path, where: str, names: Iterable[str], allowed: Iterable[str]) -> Iterator[str]:
    known = sorted(set(allowed))
    for name in names:
        if name not in known:
            yield f"{_at(file, name)}: {where}: found {name}; allowed: {', '.join(known)}"


def _twice(file: Path, station: Station) -> Iterator[str]:
    for what, ids in (("domain", [d.id for d in station.domains]), ("item", [i.id for i in station.items])):
        for name, times in Counter(ids).items():
            if times > 1:
                yield f"{_at(file, f'id: {name}')}: found the {what} {name} {times} times; allowed: once"
    for domain in station.domains:
        if all(item.human for item in domain.items):
            where = _at(file, f"id: {domain.id}")
            yield f"{where}: {domain.id}: found no item that the software can mark; add one with `when`"


def _sheet(file: Path, station: Station, patient: Patient) -> Iterator[str]:
    """The candidate knows the patient's name and age (domain 3.2)."""
    person, sheet = patient.persona, station.sheet
    text = " ".join((sheet.setting, sheet.role, *sheet.task))
    if person.name.split()[0] not in text or str(person.age) not in text:
        yield f"{_at(file, 'sheet:')}: sheet: found no word of {person.name}, {person.age}; name them with their age"
    for name in ("task", "not_required"):
        if not getattr(sheet, name):
            yield f"{_at(file, 'sheet:')}: sheet.{name}: found nothing; say it in at least one line"


def _times(file: Path, station: Station) -> Iterator[str]:
    timing = station.timing()
    for seconds in timing.warn_s:
        if timing.task_s is not None and seconds >= timing.task_s:
            where = _at(file, "times:")
            yield f"{where}: times: found a warning {seconds:g} s before the end of a task of {timing.task_s:g} s"


def _condition(file: Path, item: Item, c: Condition, patient: Patient, pack: Pack) -> Iterator[str]:
    where = f"item {item.id}"
    for key in _CODES:
        yield from _known(file, f"{where}.{key}", getattr(c, key), (*pack.codes(), *DERIVED))
    yield from _known(file, f"{where}.asked", c.asked, pack.topics)
    yield from _known(file, f"{where}.told", c.told, patient.topics)
    banks = (f"{name}." for name in (*EVENTS, *patient.techniques, *patient.topics))
    yield from _known(file, f"{where}.replies", (*c.replies, *c.after_reply), (*CLASSES, *banks))
    yield from _known(file, f"{where}.state", (*c.at_least, *c.at_most), VARIABLES)
    yield from _cues(file, where, c)
    for one in c.any:
        yield from _condition(file, item, one, patient, pack)
    yield from _reach(file, item, c, patient)


def _cues(file: Path, where: str, c: Condition) -> Iterator[str]:
    for source in c.says:
        try:
            listen.cue(source)
        except CueError as error:
            yield f"{_at(file, source)}: {where}.says: {error}"


def _reach(file: Path, item: Item, c: Condition, patient: Patient) -> Iterator[str]:
    """Conditions that nothing or everything meets."""
    at = _at(file, f"id: {item.id}")
    given = {f.name for f in dataclasses.fields(c) if getattr(c, f.name) != f.default and getattr(c, f.name) != {}}
    if not given - set(_BOUNDS):
        yield f"{at}: item {item.id}: found a condition that everything meets; say what must be heard, asked or reached"
    if c is item.when and not item.given and given <= {"never"}:
        yield f"{at}: item {item.id}: found only `never`, which silence meets; add `given` or `heard`"
    if both := sorted(set(c.never) & {*c.heard, *c.every}):
        yield f"{at}: item {item.id}: found {', '.join(both)} both sought and forbidden; nothing meets that"
    if c.goals > (most := len(patient.persona.goals)):
        yield f"{at}: item {item.id}: found {c.goals} goals; this patient has {most}"


def _safety(file: Path, station: Station, patient: Patient) -> Iterator[str]:
    """What a patient at risk needs: the question as a safety item, and a word of warning for the learner."""
    if not patient.persona.risk:
        return
    must = [item.when for item in station.items if item.must and item.when]
    if not any(ASKED_ABOUT & {*when.heard, *when.every} for when in must):
        yield f"{_at(file, 'domains:')}: domains: found no safety item (must: true) that asks about suicide"
    if not station.themes:
        yield f"{file}:1: themes: found none; this patient's are distressing, and the candidate is told"
