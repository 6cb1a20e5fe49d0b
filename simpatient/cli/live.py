"""What a spoken session needs, opened and closed together; and `simpatient talk` by microphone."""

import wave
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.cli.talk import WARNING, debrief
from simpatient.errors import DeviceError, OutputError
from simpatient.model import Reply, Turn
from simpatient.patient.engine import Engine
from simpatient.persona.load import Patient
from simpatient.ports import Pcm
from simpatient.ports.clock import SystemClock
from simpatient.session.early import Early
from simpatient.session.floor import Floor, waits
from simpatient.session.journal import Journal
from simpatient.session.live import Live, Seen
from simpatient.session.records import Json
from simpatient.session.runner import Cut, Session, run
from simpatient.session.timing import Timing

if TYPE_CHECKING:
    from simpatient.ports.sounddevice_io import DevicePlayer

PROMPT_S = 0.04
"""Seconds of sound that wait in the loudspeaker and the microphone: what a turn waits for nothing."""


@dataclass(frozen=True)
class Sound:
    """What the command line asks of a spoken session."""

    model: str | None = None
    device_in: str | None = None
    device_out: str | None = None
    turns: str = "normal"
    headphones: bool = False


class Booth:
    """Microphone, loudspeaker, recogniser and voice. `about` is what the journal's header says of them."""

    def __init__(
        self, view: Console, patient: Patient, sound: Sound, watch: Callable[[Seen], None] = lambda seen: None,
        key: Callable[[], bool] | None = None,
    ) -> None:  # fmt: skip
        """`watch` is told what a screen may show, `key` is held for push-to-talk. Raises DeviceError, ModelError."""
        from simpatient.ports.activity import VoiceActivity
        from simpatient.ports.sounddevice_io import Microphone, reconnect
        from simpatient.ports.voice import SpokenVoice

        self._view, self._name = view, patient.persona.name
        self._written: Path | None = None
        floor = Floor(waits(sound.turns), duplex=sound.headphones)
        with ExitStack() as stack:
            self._microphone = Microphone(sound.device_in, latency=PROMPT_S)
            stack.callback(self._microphone.close)
            self._player = _player(sound.device_out)
            if self._player:
                stack.callback(self._player.close)
            voice = SpokenVoice(spare=True)
            self._mouth = common.Mouth(patient, voice)
            stack.callback(self._mouth.close)
            voice.start()
            ears = stack.enter_context(common.recogniser(sound.model))
            screen.say(view, f"Listening: {ears.about}\nMicrophone: {self._microphone.name}.\n")
            self.live = Live(
                self._microphone, ears.ears(), VoiceActivity(), self._player, floor, SystemClock(), self._note,
                common.note, watch, key, reconnect,
            )  # fmt: skip
            self._open = stack.pop_all()
        self.about: Json = {
            "recogniser": {"name": ears.name, "digest": ears.digest},
            "voice": self._mouth.name,
            "turns": {"profile": sound.turns, "headphones": sound.headphones},
        }

    def attend(self, session: Session, note: Callable[..., None], folder: Path) -> None:
        """From now on it is this session that is spoken in; `note` writes beside its journal."""
        self._session, self._noted = session, note
        self._early = Early(session.foresee, self._mouth.say)
        self._open.callback(self._early.close)
        self.live.attend(self._early)
        if self._player is None:
            self._written = folder

    def prepare(self, reply: Reply) -> None:
        """Makes ready what will be said first."""
        self._early.sound(reply)

    def say(self, reply: Reply, aloud: bool = True) -> Cut | None:
        """In writing, and aloud; without a loudspeaker into a file."""
        screen.show_reply(self._view, self._name, reply)
        if not aloud:
            return None
        cut = self.live.say(reply)
        if self._written and (sound := self._early.sound(reply)):
            write_wave(self._written / f"patient-{self._session.now.memory.turn:03}.wav", sound)
        return cut

    def pause(self) -> None:
        self._microphone.mute()
        self.live.pause()

    def resume(self) -> None:
        self.live.resume()
        self._microphone.unmute()

    def close(self) -> None:
        self._open.close()

    def _note(self, **values: object) -> None:
        self._noted(turn=self._session.now.memory.turn, lost=self._microphone.overflows, **values)


def run_live(engine: Engine, folder: Path, show_state: bool, sound: Sound) -> None:
    """Holds the conversation. Raises DeviceError without a microphone."""
    view, person = screen.console(), engine.patient.persona
    screen.say(view, f"{WARNING}\n\n{person.setting}\n")
    booth = Booth(view, engine.patient, sound)
    with ExitStack() as stack:
        stack.callback(booth.close)
        session = Session(engine, Journal(folder, over=False), {"mode": "talk", **booth.about})
        session.journal.add("consent", audio=False, why="no audio is kept")
        timing = Timing(folder)
        stack.callback(timing.close)
        booth.attend(session, lambda **values: timing.add(booth.live.at_ms, **values), folder)
        screen.say(view, "Speak when you are ready.\n")

        def watch(turn: Turn) -> None:
            screen.say(view, f"You: {turn.utterance.text or '…'}", bold=True)
            if show_state:
                screen.show_evidence(view, turn)
                screen.show_why(view, turn)
                screen.show_bars(view, turn.before, turn.after)

        ended = run(session, booth.live.turns(), booth.say, watch)
    debrief(view, folder, engine, ended)


def write_wave(path: Path, sound: Pcm) -> None:
    """For the owner's eyes only. Raises OutputError."""
    try:
        path.touch(0o600)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, sound.rate, 0, "NONE", ""))
            file.writeframes(sound.data)
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from None


def _player(device: str | None) -> "DevicePlayer | None":
    from simpatient.ports.sounddevice_io import DevicePlayer

    try:
        return DevicePlayer(device, PROMPT_S)
    except DeviceError as error:
        common.note(f"Not aloud: {error}. Captions go on, and the voice is written to the session's folder.")
        return None
