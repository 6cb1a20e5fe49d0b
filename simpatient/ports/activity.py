"""Whether there is a voice: WebRTC's detector, and louder than the room.

The detector alone takes white noise and hum for a voice, and goes on for a moment after the last sound; the level alone
takes a cough for a word. Both must agree.
"""

from collections import deque

from simpatient.ports.sound import level_db
from simpatient.ports.sphinx import voice_detector

TICK_MS = 20
"""Of sound in a block."""
ABOVE_DB = 9.0
"""Over the room's own noise, from which a sound may be a voice."""
FAINTEST_DB = -58.0
"""Below full scale; nothing softer is a voice."""
ROOM = 150
"""Blocks, 3 s, of which the softest ones are the room."""
LOUD_DB = -36.0
"""A room as loud as this is too loud to be heard well in."""


class VoiceActivity:
    """Obeys Activity, for blocks of TICK_MS."""

    def __init__(self) -> None:
        self._judge = voice_detector(TICK_MS)
        self._levels: deque[float] = deque([FAINTEST_DB - ABOVE_DB], maxlen=ROOM)
        self.level_db = -96.0
        """Of the last block, below full scale."""

    @property
    def room_db(self) -> float:
        """The noise of the room."""
        softest = sorted(self._levels)
        return softest[len(softest) // 10]

    def voice(self, block: bytes) -> bool:
        self.level_db = level_db(block)
        self._levels.append(max(self.level_db, -96.0))
        loud = self.level_db > max(FAINTEST_DB, self.room_db + ABOVE_DB)
        return self._judge(block) and loud
