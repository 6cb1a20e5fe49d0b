"""How loud it is, for a meter, and what a learner should be told of it. Pure; one step a tick."""

from dataclasses import dataclass, replace
from typing import Literal

from simpatient.ports.activity import LOUD_DB
from simpatient.session.floor import TICK_MS

SILENT_DB = -85.0
"""Below full scale; nothing softer comes from a microphone that is switched on."""
SILENT_MS, LOUD_MS = 5_000, 3_000
"""After which it is told that nothing comes in, that the room is too loud."""
SOFTER_DB = 6.0
"""A room so much softer is no longer too loud."""
LOST_MS = 30_000
"""Between two lines on sound that was lost."""
QUIET_DB, SHOUT_DB = -50.0, -9.0
"""Of a moment: below nobody speaks, above it is too loud to be understood."""
FALL_DB = 0.5
"""A tick, by which the meter falls back."""

SILENT = "The microphone is silent: switch it on, unmute it, or name another with --input."
HEARD = "The microphone is heard again."
LOUD = "The room is loud, and words will be misheard: move closer, lower the gain, or close the door."
LOST = "Some of the sound was lost: the machine is busy; close other programs."

In = Literal["silent", "quiet", "good", "too loud"]


@dataclass(frozen=True, slots=True)
class Level:
    db: float = -96.0
    """The last peak, falling back."""
    silent_ms: int = 0
    loud_ms: int = 0
    lost: int = 0
    """How often sound was lost so far."""
    wait_ms: int = 0
    """Until loss is told again."""

    @property
    def word(self) -> In:
        if self.silent_ms >= 1_000:
            return "silent"
        return "quiet" if self.db < QUIET_DB else "good" if self.db < SHOUT_DB else "too loud"

    def step(self, db: float, room_db: float, lost: int, listening: bool) -> tuple["Level", str]:
        """TICK_MS later, and what is to be told, if anything. Only while it is listened to the room is judged."""
        silent_ms = self.silent_ms + TICK_MS if db <= SILENT_DB else 0
        loud_ms = self._loud_ms(room_db) if listening else self.loud_ms
        now = Level(max(db, self.db - FALL_DB), silent_ms, loud_ms, self.lost, max(0, self.wait_ms - TICK_MS))
        if self.silent_ms < SILENT_MS <= silent_ms:
            return now, SILENT
        if self.silent_ms >= SILENT_MS and not silent_ms:
            return now, HEARD
        if self.loud_ms < LOUD_MS <= loud_ms:
            return now, LOUD
        if lost > self.lost and not now.wait_ms:
            return replace(now, lost=lost, wait_ms=LOST_MS), LOST
        return now, ""

    def _loud_ms(self, room_db: float) -> int:
        """Once it was told the room must become softer before it is told again."""
        bar = LOUD_DB - SOFTER_DB if self.loud_ms >= LOUD_MS else LOUD_DB
        return self.loud_ms + TICK_MS if room_db >= bar else 0
