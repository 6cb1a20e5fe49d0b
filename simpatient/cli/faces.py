"""The two faces of a station: typed, or spoken by microphone and loudspeaker. Both obey `Face`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.cli.desk import Desk
from simpatient.cli.display import Look, at_screen, display
from simpatient.cli.hands import Actions, actions
from simpatient.cli.keyboard import Keyboard
from simpatient.cli.live import Booth, checked
from simpatient.cli.sound import Sound
from simpatient.cli.stage import KEYS, Key
from simpatient.cli.station import clock as minutes
from simpatient.cli.talk import LONGEST
from simpatient.model import Reply, Turn, Utterance
from simpatient.persona.load import Patient
from simpatient.session.keeper import Keeper
from simpatient.session.records import Json
from simpatient.session.runner import Cut, Session
from simpatient.session.tape import Tape

PAUSED = "Paused: time stands still, and nothing counts until the invigilator goes on."
INVIGILATORS: tuple[Key, ...] = (("p", "pause", "the invigilator stops the time; r lets it go on"),)
SPEAKING = ("READY", "RUN", "STOP")
"""Phases in which the patient may be heard."""


class Face(Protocol):
    """Where learner and patient meet. `about` is what the journal's header says of it."""

    about: Json

    def attend(self, session: Session, keeper: Keeper, folder: Path, tape: Tape) -> None:
        """From now on it is this session that is held, and its sound goes there."""

    def prepare(self, reply: Reply) -> None:
        """Makes ready what will be said first."""

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        """The learner's turns until the bell; None is a long silence."""

    def say(self, reply: Reply, keeper: Keeper) -> Cut | None: ...

    def watch(self, turn: Turn) -> None: ...

    def cut(self) -> None:
        """The patient falls silent, from any thread."""

    def ready(self, lead: str) -> bool:
        """Whether the face has shown this itself, and waited until the learner is ready."""

    def keys(self) -> Actions:
        """That do something while the two talk."""

    def leave(self) -> None:
        """The talk is over."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None: ...


class Typed:
    """By keyboard: on a terminal with prompts, from a pipe one line a turn. A blank line is a silence."""

    about: Json = {"recogniser": {"name": "typed", "digest": ""}, "voice": "none"}

    def __init__(self, view: Console, keyboard: Keyboard, name: str) -> None:
        self._view = view
        self._keyboard = keyboard
        self._name = name

    def attend(self, session: Session, keeper: Keeper, folder: Path, tape: Tape) -> None:
        pass

    def prepare(self, reply: Reply) -> None:
        pass

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        while keeper.running:
            if common.at_terminal():
                print("You: ", end="", flush=True)
            line = self._keyboard.line(lambda: not keeper.running)
            if line is None:
                return
            if keeper.clock.paused:
                screen.say(self._view, PAUSED)
                continue
            yield Utterance(line.strip()[:LONGEST]) if line.strip() else None

    def say(self, reply: Reply, keeper: Keeper) -> None:
        screen.show_reply(self._view, self._name, reply)

    def watch(self, turn: Turn) -> None:
        if not common.at_terminal():
            screen.say(self._view, f"You: {turn.utterance.text or '…'}", bold=True)

    def cut(self) -> None:
        pass

    def ready(self, lead: str) -> bool:
        return False

    def keys(self) -> Actions:
        return {}

    pause = resume = leave = close = cut


class Nobody(Typed):
    """A rehearsal: nobody answers the patient until the bell."""

    about: Json = {"recogniser": {"name": "none", "digest": ""}, "voice": "none"}

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        keeper.wait("STOP", "LINGER", "FEEDBACK")
        return
        yield


class Spoken:
    """By microphone and loudspeaker: the loop of `talk`, with the station's time."""

    def __init__(self, desk: Desk, patient: Patient, sound: Sound, look: Look) -> None:
        """Raises ModelError and DeviceError, so that no station begins that cannot be held."""
        self._desk = desk
        keys = tuple(key for key in KEYS if key[0] != "p")
        self._display = display(
            desk.view, patient.persona.name, look, sound.push_to_talk, sound.headphones,
            (*INVIGILATORS, *keys) if desk.wishes.invigilator else keys,
        )  # fmt: skip
        self._booth = Booth(self._display, patient, sound)
        screen.say(desk.view, f"{self._booth.told}\n")
        self._booth.pause()
        self._begun = False
        self.about: Json = self._booth.about

    def attend(self, session: Session, keeper: Keeper, folder: Path, tape: Tape) -> None:
        def left() -> str:
            clock = keeper.clock.tick(self._desk.time.now_ms()).clock
            return f"{minutes(clock.left_ms / 1000)} left" if clock.left_ms else minutes(clock.task_at_ms / 1000)

        def station_ms() -> int:
            keeper.at_ms()
            return keeper.clock.task_at_ms

        self._display.clock, self._station_ms = left, station_ms
        self._booth.attend(session, keeper.note, folder, tape)

    def ready(self, lead: str) -> bool:
        """Waits for the learner on the start screen, with the microphone's level. False where there is no screen."""
        if not at_screen():
            return False
        self._booth.resume()
        try:
            if not checked(self._booth, self._display, self._desk.keyboard, lead):
                raise KeyboardInterrupt
        finally:
            self._display.close()
            self._booth.pause()
        return True

    def keys(self) -> Actions:
        """That do something while the two talk."""

        def meanwhile(act: Callable[[], None]) -> Callable[[], None]:
            return lambda: act() if self._begun else None

        return {key: meanwhile(act) for key, act in actions(self._booth, self._display).items()}

    def prepare(self, reply: Reply) -> None:
        self._booth.prepare(reply)

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        """Words that are being said when the bell rings are the last turn."""
        self._begin()
        return self._booth.turns(lambda: keeper.running, self._station_ms)

    def say(self, reply: Reply, keeper: Keeper) -> Cut | None:
        keeper.wait_unpaused()
        self._begin()
        return self._booth.say(reply, aloud=keeper.phase in SPEAKING)

    def watch(self, turn: Turn) -> None:
        self._booth.heard(turn, self._station_ms())
        self._display.heard(turn, "")

    def cut(self) -> None:
        self._booth.live.cut()

    def pause(self) -> None:
        self._booth.pause()
        self._display.pause(True)

    def resume(self) -> None:
        self._booth.resume()
        self._display.pause(False)

    def leave(self) -> None:
        """The talk is over; the terminal is as before."""
        self._begun = False
        self._desk.aside = None
        self._display.close()

    def close(self) -> None:
        self.leave()
        self._booth.close()

    def _begin(self) -> None:
        """What was said while the candidate read is not heard."""
        if not self._begun:
            self._begun = True
            self._desk.aside = self._display.aside
            self._display.open()
            self._display.begin()
            self._booth.resume()
