"""One microphone, one loudspeaker, one floor: the loop in which a learner and a patient speak with each other.

The microphone's blocks are its pulse. While the learner has the floor (`turns`), while the patient hesitates, and
while the patient speaks (`say`), every block goes to the voice detector, to the recogniser where somebody may be heard,
and to the floor, which says what is to be done.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from simpatient.errors import DeviceError
from simpatient.model import Reply, Utterance, Word
from simpatient.ports import RATE, Activity, Clock, Ears, Microphone, Pcm, Player, Segment
from simpatient.session.conversation import at_rate
from simpatient.session.early import Early, Settled
from simpatient.session.echo import OWN, REACH_MS, WINDOW_MS, likeness
from simpatient.session.floor import TICK_MS, Event, Floor, Owner, Tick
from simpatient.session.runner import Cut
from simpatient.session.turns import together

FRAMES = RATE * TICK_MS // 1000
TAIL_MS = 160
"""After the last sample, in which a microphone may still hear it."""
BACK = Reply("back", "This is the simulation. The sound is back; please go on.", "smalltalk")
"""Said, in no patient's words, when lost devices have come back."""
NO_HEADPHONES = "The microphone hears the patient: from now on it listens only while the patient is silent."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a screen may show, once a tick."""

    owner: Owner
    voice: bool
    text: str
    """Understood so far."""


@dataclass(frozen=True, slots=True)
class _Due:
    """The answer that is about to be given, and when what happened, in milliseconds of the clock."""

    settled: Settled
    ended: int
    endpoint: int
    decided: int
    wait: int
    read: str


class Live:
    """For one session. `attend` gives it what thinks; everything else may be asked from any thread."""

    def __init__(
        self, microphone: Microphone, ears: Ears, activity: Activity, player: Player | None, floor: Floor, clock: Clock,
        note: Callable[..., None] = lambda **_: None, tell: Callable[[str], None] = lambda text: None,
        watch: Callable[[Seen], None] = lambda seen: None, key: Callable[[], bool | None] | None = None,
        reconnect: Callable[[], None] | None = None, hesitates: bool = True,
    ) -> None:  # fmt: skip
        """`note` writes beside the journal, `tell` speaks to the learner, `key` is held for push-to-talk (None: not in
        use), `reconnect` brings lost devices back or raises DeviceError; without `hesitates` the patient answers as
        soon as it can."""
        self.floor = floor
        self.at_ms = 0
        """Of sound that came in: the time of the session."""
        self._paused = self._anew = False
        self._microphone, self._ears, self._activity, self._player = microphone, ears, activity, player
        self._clock, self._note, self._tell, self._watch = clock, note, tell, watch
        self._key, self._reconnect, self._hesitates = key, reconnect, hesitates
        self._blocks = microphone.blocks(FRAMES)
        self._fed_ms = 0
        self._over = False
        self._early: Early | None = None
        self._keep: Callable[[bytes], None] = lambda block: None
        self._due: _Due | None = None
        self._reference = b""
        self._last: tuple[Reply, Pcm] | None = None
        self._repeats = self._back = False
        self._recent: deque[bytes] = deque(maxlen=WINDOW_MS // TICK_MS)

    def attend(self, early: Early, keep: Callable[[bytes], None] = lambda block: None) -> None:
        """`early` thinks; `keep` is given every block that the recogniser is given."""
        self._early, self._keep = early, keep

    def pause(self) -> None:
        """Nobody is heard."""
        self._paused = True

    def resume(self) -> None:
        """The learner is heard again; what was said before the pause does not count."""
        self._paused, self._anew = False, True

    # ---- the learner

    def turns(
        self, going: Callable[[], bool] = lambda: True, station_ms: Callable[[], int] | None = None
    ) -> Iterator[Utterance | None]:
        """The learner's turns; None is a long silence. What is being said when it no longer goes on is the last one.

        Times count from the beginning of the session, or as `station_ms` tells them.
        """
        while going() and not self._over:
            match self._tick():
                case "guess" if self._early:
                    self._early.guess(self._utterance(self._heard_so_far(), station_ms))
                case "over":
                    utterance = self._settled(going, station_ms)
                    if utterance is not None:
                        yield utterance
                case "silence":
                    yield None
            if self._repeats or self._back:
                self._aside()
        self._finish()
        if self.floor.words:
            yield self._utterance(self.floor.words, station_ms)

    def _settled(self, going: Callable[[], bool], station_ms: Callable[[], int] | None) -> Utterance | None:
        """The turn that is over, when the patient begins to answer; None when the learner goes on after all."""
        endpoint = self._clock.now_ms()
        ended = endpoint - self.floor.quiet_ms - self._microphone.behind_ms
        wait, read = self.floor.wait_ms, self.floor.read
        self._finish()
        if not self.floor.words:
            self.floor = self.floor.to_learner()
            return None
        self.floor = self.floor.settled(self.floor.words)
        utterance = self._utterance(self.floor.words, station_ms)
        if self._early is None:
            return utterance
        settled = self._early.settle(utterance)
        self._due = _Due(settled, ended, endpoint, self._clock.now_ms(), wait, read)
        first = ended + settled.turn.reply.pause_ms
        while self._hesitates and self._clock.now_ms() < first and going() and not self._over:
            if self._tick() == "resumed":
                self._note(resumed=read, after_ms=self._clock.now_ms() - ended, wait_ms=wait)
                self._due = None
                return None
        return utterance

    def _heard_so_far(self) -> tuple[Word, ...]:
        """Those of the partial have no times of their own yet."""
        at = self.at_ms
        return (*self.floor.words, *(Word(word, at, at, 1.0) for word in self.floor.partial.split()))

    def _utterance(self, words: tuple[Word, ...], station_ms: Callable[[], int] | None) -> Utterance:
        offset = station_ms() - self.at_ms if station_ms else 0
        return together([_placed(word, offset) for word in words])

    def _finish(self) -> None:
        """The recogniser gives what it still has."""
        words = tuple(self._shifted(word) for segment in self._ears.finish() for word in segment.words)
        self.floor = replace(self.floor, words=self.floor.words + words, partial="")

    def _drop(self) -> None:
        """Forgets what the recogniser has heard."""
        for _ in self._ears.finish():
            pass

    # ---- the patient

    def say(self, reply: Reply) -> Cut | None:
        """Speaks and returns when it has been heard, or the learner has cut in."""
        due, self._due = self._due, None
        sound = due.settled.sound if due else self._early.sound(reply) if self._early else None
        begun = self._clock.now_ms()
        latency = self._player.latency_ms if self._player else 0
        if due:
            gap = begun + latency - due.ended
            self._note(
                ended_ms=due.ended, endpoint_ms=due.endpoint, decided_ms=due.decided,
                first_ms=begun + latency, gap_ms=gap, wait_ms=due.wait, read=due.read, guess=due.settled.guess,
                hesitation_ms=reply.pause_ms,
            )  # fmt: skip
        if sound is None or self._player is None:
            self.floor = self.floor.to_learner()
            return None
        self._last = reply, sound
        return self._play(reply, sound)

    def cut(self) -> None:
        """The patient falls silent."""
        if self._player:
            self._player.stop()

    def repeat(self) -> None:
        """The patient says the last thing again, unless somebody is speaking."""
        self._repeats = True

    def _aside(self) -> None:
        """Between two turns: that the devices are back, or the last answer once more."""
        back, repeats = self._back, self._repeats
        self._back = self._repeats = False
        if self.floor.text:
            return
        if back and self._early and (sound := self._early.sound(BACK)):
            self._play(BACK, sound)
        if repeats and self._last:
            self._play(*self._last)

    def _play(self, reply: Reply, sound: Pcm) -> Cut | None:
        assert self._player
        self.floor = self.floor.to_patient()
        self._reference = at_rate(sound) if self.floor.duplex else b""
        self._recent.clear()
        self._player.start(sound)
        while self._sounding():
            match self._tick():
                case "duck" | "stop" if self._hears_itself():
                    self._player.duck(False)
                case "duck":
                    self._player.duck(True)
                case "unduck":
                    self._player.duck(False)
                case "stop":
                    said = _said(reply.text, self._player.played_ms, sound.milliseconds)
                    self._player.stop()
                    self.floor = self.floor.cut()
                    return Cut(said)
        self._after()
        return None

    def _sounding(self) -> bool:
        if self._over or self._player is None:
            return False
        try:
            return self._player.busy
        except DeviceError as error:
            self._bring_back(error)
            return False

    def _after(self) -> None:
        """A learner with headphones may have begun; without, the patient's own voice dies away first."""
        if self.floor.duplex:
            for _ in range(TAIL_MS // TICK_MS):
                self._tick()
            self._hears_itself()
        self.floor = self.floor.spoken()
        if not self.floor.text:
            self._drop()

    def _hears_itself(self) -> bool:
        """Whether the voice in the microphone is the patient's; then nobody may interrupt any more."""
        if not self.floor.duplex or self._player is None:
            return False
        end = min(len(self._reference), (self._player.played_ms + 200) * RATE // 1000 * 2)
        start = max(0, end - REACH_MS * RATE // 1000 * 2)
        if likeness(b"".join(self._recent), self._reference[start:end]) < OWN:
            return False
        self.floor = self.floor.half_duplex()
        self._drop()
        self._tell(NO_HEADPHONES)
        return True

    # ---- the pulse

    def _tick(self) -> Event | None:
        block = self._next()
        if block is None:
            self._over = True
            return None
        self.at_ms += TICK_MS
        voice = self._activity.voice(block)
        if self._paused:
            return None
        if self._anew:
            self._forget()
        partial, words = None, []
        if self.floor.hears:
            self._recent.append(block)
            self._keep(block)
            self._fed_ms += TICK_MS
            for heard in self._ears.hear(block):
                if isinstance(heard, Segment):
                    partial = ""
                    words += [self._shifted(word) for word in heard.words]
                else:
                    partial = heard.text
        held = self._key() if self._key else None
        self.floor, event = self.floor.step(Tick(voice, partial, tuple(words), held))
        self._watch(Seen(self.floor.owner, voice, self.floor.text))
        return event

    def _forget(self) -> None:
        self._anew = False
        if self.floor.owner != "patient":
            self._drop()
            self.floor = self.floor.to_learner()

    def _shifted(self, word: Word) -> Word:
        """From the recogniser's time, which stands while nobody is heard, to the session's."""
        return _placed(word, self.at_ms - self._fed_ms)

    def _next(self) -> bytes | None:
        try:
            return next(self._blocks, None)
        except DeviceError as error:
            self._bring_back(error)
            return next(self._blocks, None)

    def _bring_back(self, error: DeviceError) -> None:
        """Raises DeviceError when the devices do not come back."""
        if self._reconnect is None:
            raise error
        self._tell(f"{error}. Waiting for it …")
        self._reconnect()
        self._blocks = self._microphone.blocks(FRAMES)
        self._back = True
        self._tell(f"Going on with the microphone '{self._microphone.name}'.")


def _placed(word: Word, offset: int) -> Word:
    """At another time, and with the confidence that the journal writes, so that recorded words are the spoken ones."""
    return Word(word.text, word.start_ms + offset, word.end_ms + offset, round(word.confidence, 3))


def _said(text: str, played_ms: int, of_ms: int) -> str:
    """The beginning of a text that fills this part of the time."""
    words = text.split()
    return " ".join(words[: len(words) * min(played_ms, of_ms) // max(1, of_ms)])
