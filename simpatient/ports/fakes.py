"""Ports that touch nothing: for tests, and for runs without sound."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from simpatient.model import Word
from simpatient.ports import BLOCK, RATE, Manner, Partial, Pcm, Segment

WORD = 300
"""Milliseconds of every scripted word."""
PAUSE = 600
"""Milliseconds between two scripted segments."""


class ScriptedRecogniser:
    """Hears the given texts, one segment each, whatever the sound is; of a text without words it hears nothing."""

    name = "scripted"
    about = "Scripted: hears what it was told"

    def __init__(self, texts: Sequence[str]) -> None:
        self.digest = "sha256:" + sha256("\n".join(texts).encode()).hexdigest()
        self._texts = tuple(texts)

    def listen(self, blocks: Iterable[bytes]) -> Iterator[Segment]:
        at = 0
        for text in filter(str.split, self._texts):
            segment = _scripted(text, at)
            yield segment
            at = segment.words[-1].end_ms + PAUSE

    def ears(self) -> "ScriptedEars":
        return ScriptedEars(self._texts)

    def close(self) -> None:
        pass


class ScriptedEars:
    """Obeys Ears: each stretch of sound that is not silence is the next text, whose words come one by one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [text.split() for text in texts if text.split()]
        self._at_ms = self._sounded_ms = 0
        self._words: list[Word] = []

    def hear(self, block: bytes) -> Iterator[Segment | Partial]:
        length = len(block) // 2 * 1000 // RATE
        self._at_ms += length
        if not self._texts or not LoudActivity().voice(block):
            return
        self._sounded_ms += length
        text = self._texts[0]
        if len(self._words) < len(text) and self._sounded_ms >= WORD * (len(self._words) + 1):
            end = self._at_ms
            self._words.append(Word(text[len(self._words)], end - WORD, end, 1.0))
            yield Partial(" ".join(word.text for word in self._words))

    def finish(self) -> Iterator[Segment]:
        words, self._words, self._sounded_ms = tuple(self._words), [], 0
        if words:
            self._texts.pop(0)
            yield Segment(words)


def _scripted(text: str, at: int) -> Segment:
    """Words of equal length, the first at `at` milliseconds."""
    return Segment(tuple(Word(word, at + i * WORD, at + (i + 1) * WORD, 1.0) for i, word in enumerate(text.split())))


class SilentVoice:
    """Silence as long as the words would take at the manner's rate; 200 ms of a text without words."""

    name = "silent"

    def say(self, text: str, manner: Manner) -> Pcm:
        words = sum(any(map(str.isalnum, word)) for word in text.split())
        return Pcm(bytes(2 * (words * RATE * 60 // manner.rate or RATE // 5)), RATE)

    def close(self) -> None:
        pass


class RecordingSpeaker:
    """Keeps what was played."""

    def __init__(self) -> None:
        self.played: list[Pcm] = []

    def play(self, sound: Pcm) -> None:
        self.played.append(sound)

    def close(self) -> None:
        pass


class Room:
    """Microphone, loudspeaker and clock of one room without a wall clock: time passes with the blocks that are taken.

    A learner says what `say` puts there; with `echo` the microphone hears the loudspeaker, at that loudness, after
    `delay_ms`.
    """

    name = "room"
    latency_ms = 0
    behind_ms = 0
    overflows = 0

    def __init__(self, echo: float = 0.0, delay_ms: int = 80) -> None:
        self._echo = echo
        self._air = bytearray(2 * delay_ms * RATE // 1000)
        """Of the loudspeaker, on its way to the microphone."""
        self._learner: deque[tuple[int, bytes]] = deque()
        """(bytes of silence, what is said after it)."""
        self._playing = b""
        self._at = self._samples = 0
        self._gain = 1.0
        self.loudspeaker = bytearray()
        """What was heard of the patient, if `keeps` is set."""
        self.keeps = False
        self.closed = False

    # ---- the learner

    def say(self, sound: bytes, after_ms: int = 0) -> None:
        """Mono int16 at RATE, from so many milliseconds after what was said before, or now."""
        self._learner.append((2 * (after_ms * RATE // 1000), sound))

    def blocks(self, frames: int = BLOCK) -> Iterator[bytes]:
        import numpy

        while not self.closed:
            size = 2 * frames
            out = self._out(size)
            self._air += out
            back, self._air = bytes(self._air[:size]), self._air[size:]
            said = self._said(size)
            self._samples += frames
            if self._echo:
                both = numpy.frombuffer(said, "<i2") + self._echo * numpy.frombuffer(back, "<i2")
                said = both.clip(-32768, 32767).astype("<i2").tobytes()
            yield said

    def close(self) -> None:
        self.closed = True

    def _said(self, size: int) -> bytes:
        """The next bytes of the learner."""
        said = b""
        while len(said) < size and self._learner:
            quiet, sound = self._learner.popleft()
            space = size - len(said)
            if quiet:
                said += bytes(min(quiet, space))
                self._learner.appendleft((quiet - min(quiet, space), sound))
            else:
                said += sound[:space]
                if sound[space:]:
                    self._learner.appendleft((0, sound[space:]))
        return said + bytes(size - len(said))

    # ---- the patient

    @property
    def busy(self) -> bool:
        return self._at < len(self._playing)

    @property
    def played_ms(self) -> int:
        return min(self._at, len(self._playing)) // 2 * 1000 // RATE

    def start(self, sound: Pcm) -> None:
        """At RATE only."""
        self._playing, self._at, self._gain = sound.data, 0, 1.0

    def duck(self, on: bool) -> None:
        self._gain = 0.2 if on else 1.0

    def stop(self) -> None:
        self._playing = self._playing[: self._at]

    def _out(self, size: int) -> bytes:
        import numpy

        part = self._playing[self._at : self._at + size]
        self._at += size
        part += bytes(size - len(part))
        if self._gain != 1.0:
            part = (numpy.frombuffer(part, "<i2") * self._gain).astype("<i2").tobytes()
        if self.keeps:
            self.loudspeaker += part
        return part

    # ---- the clock

    def now_ms(self) -> int:
        return self._samples * 1000 // RATE

    def seconds(self, ms: int) -> float:
        return ms / 1000

    def utc(self) -> str:
        return ""


class LoudActivity:
    """Obeys Activity: whatever is loud is a voice."""

    def voice(self, block: bytes) -> bool:
        import numpy

        return any(block) and bool(abs(numpy.frombuffer(block, "<i2").astype(int)).max() > 500)


class ManualClock:
    """Stands still until it is advanced."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def seconds(self, ms: int) -> float:
        return ms / 1000

    def utc(self) -> str:
        return ""

    def advance(self, ms: int) -> None:
        """Raises ValueError when `ms` is negative: the clock is monotonic."""
        if ms < 0:
            raise ValueError(f"a clock does not go back: {ms} ms")
        self._now_ms += ms
