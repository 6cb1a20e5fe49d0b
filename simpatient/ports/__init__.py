"""Everything that touches the world. The ports are the protocols below; `fakes` obeys them and is shipped.

A recording and a microphone give the same thing: blocks of 16 kHz mono int16 PCM. A recogniser turns such blocks into
segments, a voice turns text into PCM, a speaker plays PCM.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from simpatient.model import Word

RATE = 16_000
"""Hertz of all audio inside the program."""
BLOCK = 1_600
"""Frames of a block: 100 ms."""


@dataclass(frozen=True, slots=True)
class Pcm:
    """Mono int16 little-endian sound."""

    data: bytes
    rate: int
    """Hertz."""

    @property
    def milliseconds(self) -> int:
        return len(self.data) // 2 * 1000 // self.rate


@dataclass(frozen=True, slots=True)
class Segment:
    """What the recogniser heard up to one endpoint; never without words."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Partial:
    """What is being said, as far as it was understood; may still change."""

    text: str


class Ears(Protocol):
    """One live listening, block by block."""

    def hear(self, block: bytes) -> "Iterator[Segment | Partial]":
        """What is known by now; never waits for more. A segment ends the partial. Raises ModelError."""
        ...

    def finish(self) -> Iterator[Segment]:
        """The rest of what was said so far; the next block begins anew, and the times run on. Raises ModelError."""
        ...


class Recogniser(Protocol):
    """Hears. `name` and `digest` go into the journal, `about` is the line the user sees."""

    name: str
    digest: str
    """sha256 of what it hears with, as 'sha256:…'."""
    about: str
    """Which engine and model listens and how good it is, in one line."""

    def listen(self, blocks: Iterable[bytes]) -> Iterator[Segment]:
        """Segments at their endpoints; word times count from the first sample. Raises ModelError."""
        ...

    def ears(self) -> Ears:
        """To listen live: partial hypotheses too, and segments as soon as there are some. Raises ModelError."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How a line is spoken."""

    rate: int = 170
    """Words per minute."""
    pitch: int = 50
    """0..99."""
    gender: str = "any"
    variant: str = ""
    """An espeak-ng variant such as f3; ignored by other engines."""


class Voice(Protocol):
    """Speaks text into PCM."""

    name: str

    def say(self, text: str, manner: Manner) -> Pcm:
        """The spoken text. Raises VoiceError."""
        ...

    def close(self) -> None: ...


class Speaker(Protocol):
    """Plays PCM and returns when it has been played."""

    def play(self, sound: Pcm) -> None: ...

    def close(self) -> None: ...


class Player(Protocol):
    """A loudspeaker that plays while the program goes on."""

    latency_ms: int
    """From `start` to the first sample in the air."""

    @property
    def busy(self) -> bool:
        """Something is still to be heard. Raises DeviceError when the loudspeaker is gone."""
        ...

    @property
    def played_ms(self) -> int:
        """How much of the sound has been heard."""
        ...

    def start(self, sound: Pcm) -> None: ...

    def duck(self, on: bool) -> None:
        """Softer, or as loud as before."""
        ...

    def stop(self) -> None:
        """Silent at once, without a click."""
        ...

    def close(self) -> None: ...


class Microphone(Protocol):
    """Blocks of sound as they come in."""

    name: str
    overflows: int
    """How often sound was lost."""

    @property
    def behind_ms(self) -> int:
        """How old the sound is that was given last."""
        ...

    def blocks(self, frames: int = BLOCK) -> Iterator[bytes]:
        """Blocks of so many frames until it is closed. Raises DeviceError when the device falls silent."""
        ...

    def close(self) -> None: ...


class Activity(Protocol):
    """Hears whether there is a voice."""

    def voice(self, block: bytes) -> bool: ...


class Clock(Protocol):
    """Monotonic time."""

    def now_ms(self) -> int: ...

    def seconds(self, ms: int) -> float:
        """How long a wait for so much of this clock's time takes."""
        ...

    def utc(self) -> str:
        """The date and time, for a log beside the journal."""
        ...
