"""The conversation as one sound: the learner's turns from the recording, the patient's answers from the voice."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from simpatient.model import Reply, Utterance
from simpatient.ports import RATE, Pcm

LEAD_MS, TAIL_MS = 150, 250
"""Recording kept around a learner's turn, so that no word is clipped."""
CLIPS = "clips.jsonl"
"""Beside a conversation's sound: where in it each turn of the learner is."""


class Kept:
    """Passes blocks on and keeps them, so that turns can be cut out afterwards."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._data = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self._data += block
            yield block

    def cut(self, start_ms: int, end_ms: int) -> bytes:
        """The samples between two times."""
        first, last = (max(0, ms) * RATE // 1000 * 2 for ms in (start_ms, end_ms))
        return bytes(self._data[first:last])

    def all(self) -> Pcm:
        return Pcm(bytes(self._data), RATE)


class Conversation:
    """Grows with the session; `sound` is everything said so far, 16 kHz mono."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.clips: dict[int, tuple[int, int]] = {}
        """From and to of each turn of the learner, in milliseconds."""

    def learner(self, utterance: Utterance, kept: Kept) -> None:
        start_ms = sum(map(len, self._parts)) * 1000 // (2 * RATE) + min(LEAD_MS, utterance.start_ms)
        self.clips[len(self.clips) + 1] = start_ms, start_ms + utterance.end_ms - utterance.start_ms
        self._parts.append(kept.cut(utterance.start_ms - LEAD_MS, utterance.end_ms + TAIL_MS))

    def patient(self, reply: Reply, sound: Pcm) -> None:
        self._parts += [silence(reply.pause_ms), at_rate(sound), silence(TAIL_MS)]

    def sound(self) -> Pcm:
        return Pcm(b"".join(self._parts), RATE)


def silence(milliseconds: int) -> bytes:
    return bytes(milliseconds * RATE // 1000 * 2)


def at_rate(sound: Pcm, rate: int = RATE) -> bytes:
    """The samples of a sound at another rate."""
    if sound.rate == rate or not sound.data:
        return sound.data
    import numpy
    import soxr  # type: ignore[import-untyped]

    samples = numpy.frombuffer(sound.data, "<i2")
    resampled: bytes = soxr.resample(samples, sound.rate, rate).astype("<i2").tobytes()
    return resampled


def clip_line(turn: int, start_ms: int, end_ms: int) -> str:
    """A line of CLIPS."""
    return json.dumps({"turn": turn, "start_ms": start_ms, "end_ms": end_ms}) + "\n"


def clips(folder: Path) -> dict[int, tuple[int, int]]:
    """From and to of each turn in the conversation, in milliseconds; a torn line is passed over."""
    found: dict[int, tuple[int, int]] = {}
    with contextlib.suppress(OSError):
        for line in (folder / CLIPS).read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                clip = json.loads(line)
                found[clip["turn"]] = clip["start_ms"], clip["end_ms"]
    return found
