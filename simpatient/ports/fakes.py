"""Ports that touch nothing: for tests, and for runs without sound."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from simpatient.model import Word
from simpatient.ports import RATE, Manner, Partial, Pcm, Segment

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
        if not any(block) or not self._texts:
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
