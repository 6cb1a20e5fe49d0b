"""A circuit: stations one after the other, everybody at another one; the schema of its file, and its plan. Pure.

    title: Mock circuit, spring
    stations: [teen-first-visit, emergency-wants-to-die, my/own-station.yaml]     ids, or files beside this one
    rest: [2]                       after the second station a slot without a patient; may be left out
    changeover_s: 60                between two slots
    start: 09:00                    the timetable then shows the time of day; may be left out
    candidates:
      - id: c01
      - id: c02
        extra_reading: 1.25         extra time, for reading and for the interview apart
        extra_task: 1.5

All bells ring for all, so every slot is as long as the longest station of the candidate with the most extra time. There
are as many places as stations and rests; of more candidates the next group begins when the one before has finished.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from simpatient.grading.station import Timing
from simpatient.session.limits import limits
from simpatient.yamlfile import Range

Extra = Annotated[float, Range(1, 4)]
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
DAY_S = 24 * 3600


@dataclass(frozen=True)
class Candidate:
    """Who goes round: a pseudonym, and the extra time granted."""

    id: str
    extra_reading: Extra = 1.0
    extra_task: Extra = 1.0

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"found the candidate {self.id!r}; allowed: letters, digits, - and _")


@dataclass(frozen=True)
class Circuit:
    """The file."""

    title: str
    stations: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    rest: tuple[Annotated[int, Range(1, 100)], ...] = ()
    """Numbers of the stations after which a slot without a patient stands."""
    changeover_s: Annotated[float, Range(0, 3600)] = 60.0
    start: str = ""
    """HH:MM."""

    def __post_init__(self) -> None:
        if not self.stations or not self.candidates:
            raise ValueError("found no stations or no candidates; allowed: at least one of each")
        names = [candidate.id for candidate in self.candidates]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"candidates: found {', '.join(twice)} more than once")
        if any(number > len(self.stations) for number in self.rest):
            raise ValueError(f"rest: found {max(self.rest)}; allowed: numbers of the {len(self.stations)} stations")
        if self.start and not _TIME.fullmatch(self.start):
            raise ValueError(f"start: found {self.start!r}; allowed: a time such as 09:00")

    def stops(self) -> tuple[str | None, ...]:
        """The places of the circuit in their order; None is a rest."""
        return tuple(stop for n, name in enumerate(self.stations, 1) for stop in (name, *[None] * self.rest.count(n)))


@dataclass(frozen=True)
class Slot:
    """One candidate at one place."""

    stop: int
    """Number of the place, from 0."""
    name: str | None
    """The station; None is a rest."""
    begins_ms: int
    """From the first bell of the circuit."""


@dataclass(frozen=True)
class Plan:
    """Who is where when."""

    circuit: Circuit
    slot_ms: int
    changeover_ms: int

    @property
    def stops(self) -> tuple[str | None, ...]:
        return self.circuit.stops()

    @property
    def groups(self) -> int:
        """Groups of candidates that go round together."""
        return -(-len(self.circuit.candidates) // len(self.stops))

    def begins_ms(self, group: int, slot: int) -> int:
        return (group * len(self.stops) + slot) * (self.slot_ms + self.changeover_ms)

    def route(self, candidate: str) -> tuple[Slot, ...]:
        """Where a candidate goes, slot by slot: from their own first place onwards, once round."""
        index = [c.id for c in self.circuit.candidates].index(candidate)
        group, first = divmod(index, len(self.stops))
        stops = [(first + slot) % len(self.stops) for slot in range(len(self.stops))]
        return tuple(Slot(stop, self.stops[stop], self.begins_ms(group, n)) for n, stop in enumerate(stops))

    def time(self, ms: int) -> str:
        """A moment of the circuit: the time of day, or minutes and seconds from the first bell."""
        seconds = ms // 1000
        if not self.circuit.start:
            return f"{seconds // 60}:{seconds % 60:02}"
        hours, minutes = map(int, self.circuit.start.split(":"))
        seconds = (seconds + hours * 3600 + minutes * 60) % DAY_S
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def plan(circuit: Circuit, timings: Mapping[str, Timing]) -> Plan:
    """The plan, given each station's times. Raises ValueError for a station without a limit."""
    longest = 0
    for name in circuit.stations:
        for candidate in circuit.candidates:
            slot_ms = limits(timings[name].extended(candidate.extra_reading, candidate.extra_task)).slot_ms
            if slot_ms is None:
                raise ValueError(f"stations: found {name}, which has times without a limit; a circuit needs limits")
            longest = max(longest, slot_ms)
    return Plan(circuit, longest, round(1000 * circuit.changeover_s))
