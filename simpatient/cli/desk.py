"""What stands on the table, station after station: the wishes, the screen, the keyboard, the clock, the bell."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simpatient.cli import common, screen
from simpatient.cli.consent import Consent, consent
from simpatient.cli.keyboard import Keyboard
from simpatient.cli.options import RETAIN_DAYS
from simpatient.cli.sound import Sound
from simpatient.cli.station import clock as minutes
from simpatient.errors import DeviceError
from simpatient.grading.station import Profile
from simpatient.ports import Pcm
from simpatient.ports.clock import SystemClock
from simpatient.session.limits import Bell

if TYPE_CHECKING:
    from simpatient.ports.sounddevice_io import DevicePlayer

REHEARSAL = 60.0
"""Times as fast a rehearsal runs."""
SAYS = {
    "read": ("Read now: {}", "Read the sheet"), "start": ("Go in: {} for the interview", "Go in"),
    "warning": ("{} left", ""), "stop": ("The interview is over. Feedback: {}", "The interview is over"),
    "close": ("", "The feedback is over"),
}  # fmt: skip
"""What a bell says, with a time and without."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for."""

    typed: bool = False
    profile: Profile | None = None
    extra_reading: float = 1.0
    extra_task: float = 1.0
    scale: float = 1.0
    invigilator: bool = False
    sound: Sound = field(default_factory=Sound)
    captions: bool = True
    silent: bool = False
    bell_volume: float = 0.5
    seed: int | None = None
    learner: str = ""
    keep_audio: bool = False
    retain_days: int = RETAIN_DAYS
    asks: bool = True
    """At a terminal: wait for Enter before the first bell."""
    nobody: bool = False
    """A rehearsal: nobody speaks, nothing is asked."""
    stays: bool = False
    """In a circuit: until the last bell, although the feedback has been read."""


class Desk:
    """What stands on the table for one station after the other: screen, keyboard, clock, bell."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.view = screen.console()
        self.keyboard = Keyboard()
        self.time = SystemClock(wishes.scale)
        self.consent = Consent()
        self.aside: Callable[[str], None] | None = None
        """Where bells and pauses are shown while there is a live screen."""
        self._sounds: dict[str, Pcm] = {}
        self._chime = None if wishes.silent else self._bell(wishes)

    def _bell(self, wishes: Wishes) -> "DevicePlayer | None":
        from simpatient.ports.bells import STROKES, bell
        from simpatient.ports.sounddevice_io import DevicePlayer

        self._sounds = {name: bell(name, wishes.bell_volume) for name in STROKES}
        try:
            return DevicePlayer(wishes.sound.device_out)
        except DeviceError as error:
            common.note(f"No bell is heard: {error}. Bells are shown.")
            return None

    def ask_consent(self) -> None:
        """Once, before the first bell."""
        wishes = self.wishes

        def ask(question: str) -> str | None:
            print(question, end="", flush=True)
            return self.keyboard.line(lambda: False)

        self.consent = consent(wishes.typed or wishes.nobody, wishes.keep_audio, wishes.retain_days, ask)

    @property
    def lead_s(self) -> float:
        """Seconds that a bell takes to be heard."""
        return self._chime.latency_ms / 1000 if self._chime else 0.0

    def sound(self, bell: Bell) -> None:
        """Never waits."""
        if self._chime:
            self._chime.start(self._sounds[bell.name])

    def show(self, bell: Bell) -> None:
        """The bell in words, for who does not hear it."""
        with_time, without = SAYS[bell.name]
        says = without if bell.left_ms is None else with_time.format(minutes(bell.left_ms / 1000))
        with suppress(OSError):  # a closed screen stops no clock
            self.say(f"◆ BELL ◆ {says}.")

    def say(self, text: str) -> None:
        """What belongs to the station and nobody says."""
        if self.aside:
            self.aside(text)
        else:
            screen.say(self.view, f"\n{text}", bold=True)

    def close(self) -> None:
        if self._chime:
            self._chime.close()
