"""Push to talk with a key of which a terminal tells no release. Pure.

A terminal sends a held key again and again (first after up to FIRST_MS, then many times a second), and nothing when it
is let go. So: held, it talks until it no longer comes; tapped once, it talks until it is tapped again.
"""

from dataclasses import dataclass, replace
from typing import Literal

FIRST_MS = 1_000
"""After which a key that was pressed once was tapped: keyboards repeat a held key sooner, most after 500 ms."""
GAP_MS = 300
"""Without a repetition a held key was let go: keyboards repeat ten to thirty times a second."""
AFTER_MS = 600
"""After the end in which what was said is still taken as ended by the key."""

How = Literal["free", "pressed", "held", "tapped", "ending"]


@dataclass(frozen=True, slots=True)
class Push:
    how: How = "free"
    last_ms: int = 0
    """When the key last came."""
    since_ms: int = -AFTER_MS
    """From when it is as it is."""

    @property
    def talks(self) -> bool:
        return self.how in ("pressed", "held", "tapped")

    def at(self, now_ms: int) -> "Push":
        """As it stands now."""
        quiet = now_ms - self.last_ms
        match self.how:
            case "pressed" if quiet > FIRST_MS:
                return replace(self, how="tapped", since_ms=now_ms)
            case "held" if quiet > GAP_MS:
                return replace(self, how="free", since_ms=now_ms)
            case "ending" if quiet > FIRST_MS:
                return replace(self, how="free")
        return self

    def pressed(self, now_ms: int) -> "Push":
        """The key has come."""
        before = self.at(now_ms)
        how: How = "held"
        match before.how:
            case "free":
                how = "pressed"
            case "tapped":
                how = "ending"
            case "ending" if now_ms - before.since_ms <= FIRST_MS + GAP_MS:
                how = "ending"  # the tap that ended it was a long one
        since_ms = before.since_ms if how == before.how else now_ms
        return Push(how, now_ms, since_ms)

    def ended(self, now_ms: int) -> bool:
        """It was let go just now."""
        return not self.talks and now_ms - self.since_ms <= AFTER_MS
