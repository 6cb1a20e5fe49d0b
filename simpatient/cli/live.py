"""What a spoken session needs, opened and closed together; and `simpatient talk` by microphone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.cli.display import Display, at_screen, display
from simpatient.cli.hands import Space, actions, heeded
from simpatient.cli.keyboard import Keyboard
from simpatient.cli.sound import Sound
from simpatient.cli.station import clock as minutes
from simpatient.cli.talk import WARNING, Begin, Wishes
from simpatient.errors import DeviceError, UsageError
from simpatient.grading.coach import coach
from simpatient.model import Ended, Reply, Turn, Utterance
from simpatient.patient.engine import Engine
from simpatient.persona.load import Patient
from simpatient.ports import Pcm
from simpatient.ports.clock import SystemClock
from simpatient.ports.recordings import save
from simpatient.session.early import Early
from simpatient.session.files import spoken
from simpatient.session.floor import Floor, waits
from simpatient.session.level import Level
from simpatient.session.live import FRAMES, Live, Seen
from simpatient.session.records import Json
from simpatient.session.runner import Cut, Session, run
from simpatient.session.tape import Tape
from simpatient.session.timing import Timing

if TYPE_CHECKING:
    from simpatient.ports.sounddevice_io import DevicePlayer

PROMPT_S = 0.04
"""Seconds of sound that wait in the loudspeaker and the microphone: what a turn waits for nothing."""
STOP = "stop simulation"
"""What the key that stops says."""


class Booth:
    """Microphone, loudspeaker, recogniser and voice. `about` is what the journal's header says of them."""

    def __init__(self, display: Display, patient: Patient, sound: Sound) -> None:
        """Raises UsageError, DeviceError, ModelError."""
        from simpatient.ports.activity import VoiceActivity
        from simpatient.ports.sounddevice_io import Microphone, reconnect
        from simpatient.ports.voice import SpokenVoice

        if sound.push_to_talk and not common.at_terminal():
            raise UsageError("--push-to-talk goes by the space bar: found no terminal")
        self._display = display
        self._written: Path | None = None
        self._level = Level()
        self.stopped = False
        """The learner has stopped the simulation by a key."""
        self.paused = False
        floor = Floor(waits(sound.turns), duplex=sound.headphones)
        clock = SystemClock()
        self.space = Space(sound.push_to_talk, clock)
        self._activity = VoiceActivity()
        with ExitStack() as stack:
            self._microphone = Microphone(sound.device_in, latency=PROMPT_S)
            stack.callback(self._microphone.close)
            self._player = _player(sound.device_out, display.tell)
            if self._player:
                stack.callback(self._player.close)
            voice = SpokenVoice(spare=True)
            self._mouth = common.Mouth(patient, voice, display.tell)
            stack.callback(self._mouth.close)
            voice.start()
            ears = stack.enter_context(common.recogniser(sound.model, live=True))
            self.told = f"Listening: {ears.about}\nMicrophone: {self._microphone.name}."
            self.live = Live(
                self._microphone, ears.ears(), self._activity, self._player, floor, clock, self._note,
                display.tell, self._pulse, self.space.held, reconnect,
            )  # fmt: skip
            self._open = stack.pop_all()
        self.about: Json = {
            "recogniser": {"name": ears.name, "digest": ears.digest},
            "voice": self._mouth.name,
            "turns": {"profile": sound.turns, "headphones": sound.headphones},
        }

    def check(self, done: Callable[[], bool]) -> None:
        """Until `done` the learner sees how loud the microphone is; nothing is understood, nothing is kept."""
        blocks = self._microphone.blocks(FRAMES)
        while not done() and not self.stopped and (block := next(blocks, None)):
            self._pulse(Seen("learner", self._activity.voice(block), ""))
        self._microphone.unmute()

    def attend(self, session: Session, note: Callable[..., None], folder: Path, tape: Tape) -> None:
        """From now on it is this session that is spoken in; `note` writes beside its journal, `tape` keeps sound."""
        self._session, self._noted, self._tape = session, note, tape
        self._early = Early(session.foresee, self._mouth.say)
        self._open.callback(self._early.close)
        self.live.attend(self._early, tape.hears)
        if self._player is None:
            self._written = folder

    def prepare(self, reply: Reply) -> None:
        """Makes ready what will be said first."""
        self._early.sound(reply)

    def turns(
        self, going: Callable[[], bool] = lambda: True, station_ms: Callable[[], int] | None = None
    ) -> Iterator[Utterance | None]:
        """As of the loop. The key that stops the simulation is as if the learner had said so."""
        for utterance in self.live.turns(lambda: going() and not self.stopped, station_ms):
            if self.stopped:
                break
            yield utterance
        if self.stopped:
            yield Utterance(STOP)

    def say(self, reply: Reply, aloud: bool = True) -> Cut | None:
        """In writing, and aloud; without a loudspeaker into a file."""
        if self.stopped:
            return None
        self._display.said(reply)
        if not aloud:
            return None
        cut = self.live.say(reply)
        if sound := self._early.sound(reply):
            if self._written:
                save(self._written / spoken(self._session.now.memory.turn), sound)
            else:
                self._tape.patient(reply, beginning(sound, reply, cut))
        return cut

    def heard(self, turn: Turn, now_ms: int | None = None) -> None:
        """The turn stands in the journal; `now_ms` is the time of its words, if not the session's."""
        self._tape.turn(turn, self.live.at_ms if now_ms is None else now_ms)

    def stop(self) -> None:
        """The patient falls silent, and the simulation ends."""
        self.stopped = True
        self.live.cut()
        self._microphone.unmute()

    def pause(self) -> None:
        self.paused = True
        self._microphone.mute()
        self.live.pause()

    def resume(self) -> None:
        self.paused = False
        self.live.resume()
        self._microphone.unmute()

    def close(self) -> None:
        self._open.close()

    def _pulse(self, seen: Seen) -> None:
        """Once a tick: what the screen shows of it, and what the learner should know."""
        db, room_db, lost = self._activity.level_db, self._activity.room_db, self._microphone.overflows
        self._level, told = self._level.step(db, room_db, lost, seen.owner == "learner")
        if told:
            self._display.tell(told)
        self._display.seen(seen, self._level, self.space.talking)

    def _note(self, **values: object) -> None:
        self._noted(turn=self._session.now.memory.turn, lost=self._microphone.overflows, **values)


def run_live(
    view: Console, engine: Engine, folder: Path, wishes: Wishes, begin: Begin, tape: Tape
) -> Ended | None:  # fmt: skip
    """Holds the conversation; None where the learner left at the start screen. Raises DeviceError, ModelError."""
    person, look, sound = engine.patient.persona, wishes.look, wishes.sound
    lead = f"{WARNING}\n\n{person.setting}\n"
    shown = display(view, person.name, look, sound.push_to_talk, sound.headphones)
    booth = Booth(shown, engine.patient, sound)
    keyboard = Keyboard()
    with ExitStack() as stack:
        stack.callback(booth.close)
        screen.say(view, f"{booth.told}\n")
        stack.callback(shown.close)
        stack.enter_context(heeded(keyboard, {}))
        if not checked(booth, shown, keyboard, f"{lead}\n{booth.told}"):
            shown.close()
            screen.say(view, "Stopped.")
            return None
        session, first = begin(booth.about)
        timing = Timing(folder)
        stack.callback(timing.close)
        booth.attend(session, lambda **values: timing.add(booth.live.at_ms, **values), folder, tape)
        shown.clock = lambda: f"{minutes(booth.live.at_ms / 1000)} so far"
        shown.begin("Speak when you are ready.\n")

        def watch(turn: Turn) -> None:
            booth.heard(turn)
            shown.heard(turn, coach(turn, engine.patient, engine.detector.pack) if look.coach else "")

        with heeded(keyboard, actions(booth, shown, lambda: _pause(booth, shown, session))):
            return run(session, booth.turns(), booth.say, watch, first)


def checked(booth: Booth, shown: Display, keyboard: Keyboard, lead: str) -> bool:
    """The start screen with the microphone's level, until Enter. False where the learner stops there."""
    if not at_screen():
        return True
    begun = Event()
    keys = {**actions(booth, shown), "\n": begun.set, " ": begun.set}
    with heeded(keyboard, keys):
        shown.open(lead)
        booth.check(begun.is_set)
    return not booth.stopped


def _pause(booth: Booth, shown: Display, session: Session) -> None:
    """Or goes on."""
    on = not booth.paused
    session.journal.add("paused" if on else "resumed", by="learner", at_ms=booth.live.at_ms)
    (booth.pause if on else booth.resume)()
    shown.pause(on)
    shown.aside(f"{'‖ PAUSED ‖' if on else '▶ GOING ON ▶'} at {minutes(booth.live.at_ms / 1000)}.")


def beginning(sound: Pcm, reply: Reply, cut: Cut | None) -> Pcm:
    """So much of a reply as was heard."""
    if cut is None:
        return sound
    words = len(reply.text.split())
    frames = len(sound.data) // 2 * len(cut.said.split()) // max(1, words)
    return Pcm(sound.data[: 2 * frames], sound.rate)


def _player(device: str | None, tell: Callable[[str], None]) -> "DevicePlayer | None":
    from simpatient.ports.sounddevice_io import DevicePlayer

    try:
        return DevicePlayer(device, PROMPT_S)
    except DeviceError as error:
        tell(f"Not aloud: {error}. Captions go on, and the voice is written to the session's folder.")
        return None
