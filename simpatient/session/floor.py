"""Who has the floor: a value that is told of time, voice and words, and says when a turn is over. Pure.

    learner   is heard; quiet after words ends the turn, sooner where the sentence can end there
    settling  the turn is over and the patient has not begun: speaking again takes it back
    patient   is speaking; with headphones the learner may interrupt, else nobody is heard
    guard     the patient has just spoken; what is heard is still their own voice

Therapeutic silence is a technique: how long a learner may be quiet is a profile (`floor.yaml`), and push-to-talk leaves
it to the key.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from simpatient.errors import UsageError
from simpatient.model import Word
from simpatient.session.completeness import Reading, Waits, is_backchannel, reading, turntaking

Owner = Literal["learner", "settling", "patient", "guard"]
Event = Literal["guess", "over", "resumed", "silence", "duck", "unduck", "stop"]
"""Said to the loop: think ahead, the turn is over, it is not, nobody speaks, softer, as before, the learner cut in."""

TICK_MS = 20
"""Of sound between two steps."""
SILENCE_MS = 15_000
"""Nothing said for so long is an event for the patient."""
GUARD_MS = 250
"""After the patient's last sample."""
GUESS_MS = 120
"""Quiet after which the words so far are worth thinking ahead."""
LAG_MS = 1_500
"""The voice detector hears a voice, and the recogniser no new words: after so much more than the wait it is noise."""
RESUMED_MS = 100
"""Of voice that takes a turn back before the patient has begun."""
DUCK_MS, CUT_MS, SURE_MS = 150, 500, 740
"""Of the learner's voice while the patient speaks: softer; an interruption when there are words; one in any case."""
BREATH_MS = 240
"""A gap inside one stretch of voice."""
RELEASE_MS = 200
"""After the key of push-to-talk is let go, for the last sound on its way."""


def waits(profile: str) -> Waits:
    """Of 'quick', 'normal' or 'exam'. Raises UsageError."""
    known = turntaking().profiles
    if profile not in known:
        raise UsageError(f"--turns {profile}: found no such profile; allowed: {', '.join(known)}")
    return known[profile]


@dataclass(frozen=True, slots=True)
class Tick:
    """What came in the last TICK_MS."""

    voice: bool
    partial: str | None = None
    """The words of the running segment, where they have changed."""
    words: tuple[Word, ...] = ()
    """Of segments that have ended."""
    held: bool | None = None
    """The key of push-to-talk; None without push-to-talk."""


@dataclass(frozen=True, slots=True)
class Floor:
    waits: Waits
    duplex: bool = False
    """The learner wears headphones and may interrupt."""
    owner: Owner = "learner"
    at_ms: int = 0
    since_ms: int = 0
    """From when the owner has it; for the learner, from when silence counts."""
    words: tuple[Word, ...] = ()
    partial: str = ""
    voice_ms: int = 0
    """When a voice was last heard."""
    onset_ms: int = 0
    """When the running stretch of voice began."""
    change_ms: int = 0
    """When the words last changed."""
    guessed: str = ""
    """The text that was last thought ahead."""
    ducked: bool = False
    held: bool = False
    text: str = field(default="")
    read: Reading = "open"

    @property
    def hears(self) -> bool:
        """The recogniser is to be given what comes in."""
        return self.owner in ("learner", "settling") or (self.owner == "patient" and self.duplex)

    @property
    def quiet_ms(self) -> int:
        """How long nobody has spoken."""
        return max(self.at_ms - self.voice_ms, self.at_ms - max(self.change_ms, self.since_ms) - LAG_MS)

    @property
    def wait_ms(self) -> int:
        """How much quiet ends the turn as it stands."""
        return self.waits.after(self.read)

    def step(self, tick: Tick) -> tuple["Floor", Event | None]:
        """The floor TICK_MS later, and what is to be done."""
        now = self._told(tick)
        match now.owner:
            case "learner":
                return now._listening(tick)
            case "settling":
                return now._settling()
            case "patient":
                return now._speaking(tick)
            case "guard":
                over = now.at_ms - now.since_ms >= GUARD_MS
                return (now.to_learner() if over else now), None

    # ---- what the loop tells

    def to_patient(self) -> "Floor":
        """The patient begins to speak; what was said before is answered."""
        return replace(self._blank(), owner="patient", since_ms=self.at_ms)

    def spoken(self) -> "Floor":
        """The patient's last sample was heard. With headphones a turn that the learner has begun goes on."""
        if not self.duplex:
            return replace(self._blank(), owner="guard", since_ms=self.at_ms)
        if is_backchannel(self.text) or not self._begun():
            return self.to_learner()
        return replace(self, owner="learner", since_ms=self.at_ms, ducked=False)

    def cut(self) -> "Floor":
        """The patient has stopped for the learner, who goes on."""
        return replace(self, owner="learner", since_ms=self.onset_ms, ducked=False)

    def to_learner(self) -> "Floor":
        """Nothing was said so far."""
        return replace(self._blank(), owner="learner", since_ms=self.at_ms)

    def settled(self, words: tuple[Word, ...]) -> "Floor":
        """These are the words of the turn that was over."""
        return replace(self, owner="settling", words=words, partial="", since_ms=self.at_ms)._reread()

    def half_duplex(self) -> "Floor":
        """The headphones are none: the patient's voice comes back."""
        return replace(self._blank(), duplex=False)

    # ---- how

    def _told(self, tick: Tick) -> "Floor":
        at_ms, voice_ms, onset_ms = self.at_ms + TICK_MS, self.voice_ms, self.onset_ms
        if tick.voice and tick.held is not False:
            onset_ms = onset_ms if self.at_ms - voice_ms < BREATH_MS else self.at_ms
            voice_ms = at_ms
        now = replace(self, at_ms=at_ms, held=bool(tick.held), voice_ms=voice_ms, onset_ms=onset_ms)
        if (tick.partial is not None or tick.words) and self.hears:
            partial = "" if tick.words and tick.partial is None else tick.partial
            now = replace(now, words=self.words + tick.words, partial=self.partial if partial is None else partial)
            now = now._reread()
        return now

    def _reread(self) -> "Floor":
        text = " ".join([*(word.text for word in self.words), *self.partial.split()])
        if text == self.text:
            return self
        return replace(self, text=text, read=reading(text), change_ms=self.at_ms)

    def _blank(self) -> "Floor":
        return replace(
            self, words=(), partial="", text="", read="open", guessed="", ducked=False, change_ms=self.at_ms,
            voice_ms=min(self.voice_ms, self.at_ms - BREATH_MS),
        )  # fmt: skip

    def _begun(self) -> bool:
        return self.at_ms - self.voice_ms < BREATH_MS or bool(self.text)

    def _listening(self, tick: Tick) -> tuple["Floor", Event | None]:
        quiet = self.quiet_ms
        if tick.held:
            return replace(self, since_ms=self.at_ms), None
        if self.text and quiet >= (self.wait_ms if tick.held is None else RELEASE_MS):
            return self, "over"
        if self.text and self.text != self.guessed and quiet >= GUESS_MS and self.read != "open":
            return replace(self, guessed=self.text), "guess"
        if not self.text and self.at_ms - self.since_ms >= SILENCE_MS and quiet >= GUESS_MS:
            return replace(self, since_ms=self.at_ms), "silence"
        return self, None

    def _settling(self) -> tuple["Floor", Event | None]:
        resumed = self.voice_ms > self.since_ms and self.voice_ms - max(self.onset_ms, self.since_ms) >= RESUMED_MS
        if resumed or self.held:
            return replace(self, owner="learner", since_ms=self.at_ms), "resumed"
        return self, None

    def _speaking(self, tick: Tick) -> tuple["Floor", Event | None]:
        """Who speaks into the patient's voice. A key of push-to-talk leaves no doubt."""
        if tick.held:
            return replace(self, onset_ms=self.at_ms), "stop"
        if not self.duplex or tick.held is False:
            return self, None
        speaking = self.at_ms - self.voice_ms < BREATH_MS and self.onset_ms >= self.since_ms - BREATH_MS
        length = self.voice_ms - self.onset_ms if speaking else 0
        aside = is_backchannel(self.text)
        if length >= (CUT_MS if self.text else SURE_MS) and not aside:
            return self, "stop"
        if length >= DUCK_MS and not self.ducked and not aside:
            return replace(self, ducked=True), "duck"
        if self.ducked and (not speaking or aside):
            return replace(self, ducked=False), "unduck"
        return self, None
