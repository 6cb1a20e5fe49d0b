"""The two faces of a station: typed, or spoken by microphone and loudspeaker. Both obey `Face`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.cli.keyboard import Keyboard
from simpatient.cli.live import silence_at
from simpatient.cli.talk import LONGEST
from simpatient.errors import DeviceError
from simpatient.model import Reply, Turn, Utterance
from simpatient.persona.load import Patient
from simpatient.ports import Pcm
from simpatient.session.keeper import Keeper
from simpatient.session.listening import next_turn
from simpatient.session.records import Json
from simpatient.session.tape import Tape

if TYPE_CHECKING:
    from simpatient.ports.sounddevice_io import DeviceSpeaker

PAUSED = "Paused: time stands still, and nothing counts until the invigilator goes on."
SPEAKING = ("READY", "RUN", "STOP")
"""Phases in which the patient may be heard."""


class Face(Protocol):
    """Where learner and patient meet. `about` is what the journal's header says of it."""

    about: Json

    def keep(self, tape: Tape) -> None:
        """Where the sound goes."""

    def prepare(self, reply: Reply) -> None:
        """Makes ready what will be said first."""

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        """The learner's turns until the bell; None is a long silence."""

    def say(self, reply: Reply, keeper: Keeper) -> None: ...

    def watch(self, turn: Turn) -> None: ...

    def cut(self) -> None:
        """The patient falls silent, from any thread."""

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

    def keep(self, tape: Tape) -> None:
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

    pause = resume = close = cut


class Nobody(Typed):
    """A rehearsal: nobody answers the patient until the bell."""

    about: Json = {"recogniser": {"name": "none", "digest": ""}, "voice": "none"}

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        keeper.wait("STOP", "LINGER", "FEEDBACK")
        return
        yield


class Spoken:
    """By microphone and loudspeaker, half-duplex: the microphone counts only while the patient is silent."""

    def __init__(
        self, view: Console, patient: Patient, model: str | None, device_in: str | None, device_out: str | None
    ) -> None:
        """Raises ModelError and DeviceError, so that no station begins that cannot be held."""
        from simpatient.ports.sounddevice_io import Microphone
        from simpatient.ports.voice import SpokenVoice

        self._view, self._name = view, patient.persona.name
        self._prepared: tuple[str, Pcm | None] = ("", None)
        self._listening = self._paused = False
        self._tape = Tape(Path(), on=False)
        self._began_ms = 0
        with ExitStack() as stack:
            self._microphone = Microphone(device_in)
            stack.callback(self._microphone.close)
            self._microphone.mute()
            self._loud = _speaker(device_out)
            if self._loud:
                stack.callback(self._loud.close)
            self._mouth = common.Mouth(patient, SpokenVoice())
            stack.callback(self._mouth.close)
            self._recogniser = stack.enter_context(common.recogniser(model))
            self._open = stack.pop_all()
        ears = self._recogniser
        screen.say(view, f"Listening: {ears.about}\nMicrophone: {self._microphone.name}.\n")
        self.about: Json = {"recogniser": {"name": ears.name, "digest": ears.digest}, "voice": self._mouth.name}

    def keep(self, tape: Tape) -> None:
        self._tape = tape

    def prepare(self, reply: Reply) -> None:
        self._prepared = (reply.text, self._mouth.say(reply))

    def ears(self, keeper: Keeper) -> Iterator[Utterance | None]:
        """Words that are being said when the bell rings are the last turn."""
        blocks = self._tape.hearing(_until(self._microphone.blocks(), lambda: keeper.running))
        while keeper.running:
            self._listen(True)
            keeper.at_ms()
            self._began_ms = keeper.clock.task_at_ms
            utterance = next_turn(blocks, self._recogniser)
            self._listen(False)
            if utterance is not None:
                yield placed(utterance, self._began_ms)
            elif keeper.running:
                yield None

    def say(self, reply: Reply, keeper: Keeper) -> None:
        self._listen(False)
        screen.show_reply(self._view, self._name, reply)
        text, sound = self._prepared
        if text != reply.text:
            sound = self._mouth.say(reply)
        keeper.wait_unpaused()
        if sound and self._loud and keeper.phase in SPEAKING:
            self._tape.patient(reply, sound)
            self._loud.play(Pcm(sound.data + silence_at(sound.rate), sound.rate))

    def watch(self, turn: Turn) -> None:
        self._tape.turn(turn, self._began_ms)
        screen.say(self._view, f"You: {turn.utterance.text or '…'}", bold=True)

    def cut(self) -> None:
        if self._loud:
            self._loud.stop()

    def pause(self) -> None:
        self._paused = True
        self._microphone.mute()

    def resume(self) -> None:
        self._paused = False
        self._listen(self._listening)

    def close(self) -> None:
        self._open.close()

    def _listen(self, on: bool) -> None:
        self._listening = on
        if on and not self._paused:
            self._microphone.unmute()
        else:
            self._microphone.mute()


def placed(utterance: Utterance, began_ms: int) -> Utterance:
    """With times from the bell that opened the task, and confidences as the journal writes them.

    So a session that goes on after a crash hears its recorded words exactly as it heard the spoken ones.
    """
    words = tuple(
        replace(w, start_ms=w.start_ms + began_ms, end_ms=w.end_ms + began_ms, confidence=round(w.confidence, 3))
        for w in utterance.words
    )
    start_ms, end_ms = utterance.start_ms + began_ms, utterance.end_ms + began_ms
    return replace(utterance, words=words, start_ms=start_ms, end_ms=end_ms)


def _until(blocks: Iterable[bytes], on: Callable[[], bool]) -> Iterator[bytes]:
    for block in blocks:
        if not on():
            return
        yield block


def _speaker(device: str | None) -> "DeviceSpeaker | None":
    from simpatient.ports.sounddevice_io import DeviceSpeaker

    try:
        return DeviceSpeaker(device)
    except DeviceError as error:
        common.note(f"Not aloud: {error}. Captions go on.")
        return None
