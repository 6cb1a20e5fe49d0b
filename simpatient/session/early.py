"""Thinking ahead: what would be answered to the words so far, and how it sounds, made ready on a thread of its own.

The core is pure, so a guess costs nothing but time: it is dropped where the final words lead to another answer.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from simpatient.model import Reply, Turn, Utterance
from simpatient.ports import Pcm

KEPT = 6
"""Sounds that are kept; a learner who thinks aloud leads through several answers."""
Guess = Literal["held", "missed", "none"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the final words lead to."""

    turn: Turn
    sound: Pcm | None
    guess: Guess
    """Whether the answer had been made ready."""


class Early:
    """For one session. `foresee` is pure, `render` speaks a reply and may take its time; None is no voice."""

    def __init__(self, foresee: Callable[[Utterance], Turn], render: Callable[[Reply], Pcm | None]) -> None:
        self._foresee = foresee
        self._render = render
        self._thread = ThreadPoolExecutor(1, "thinking ahead")
        self._running: Future[Reply] | None = None
        self._sounds: dict[tuple[str, int, int], Pcm | None] = {}

    def guess(self, utterance: Utterance) -> None:
        """Makes ready what would be answered to these words; returns at once."""
        self._drop_waiting()
        self._running = self._thread.submit(self._ahead, utterance)

    def settle(self, utterance: Utterance) -> Settled:
        """What is answered to the final words."""
        self._drop_waiting()
        guessed = self._running.result() if self._running else None
        self._running = None
        turn = self._foresee(utterance)
        if turn.ended == "aborted":
            return Settled(turn, None, "none")
        held: Guess = "none" if guessed is None else "held" if _key(guessed) == _key(turn.reply) else "missed"
        return Settled(turn, self.sound(turn.reply), held)

    def sound(self, reply: Reply) -> Pcm | None:
        """The reply as sound, made now where it is not ready."""
        key = _key(reply)
        if key not in self._sounds:
            self._keep(key, self._render(reply))
        return self._sounds[key]

    def close(self) -> None:
        self._drop_waiting()
        self._thread.shutdown(wait=True)

    def _drop_waiting(self) -> None:
        if self._running and self._running.cancel():
            self._running = None

    def _ahead(self, utterance: Utterance) -> Reply:
        turn = self._foresee(utterance)
        if turn.ended != "aborted":
            self.sound(turn.reply)
        return turn.reply

    def _keep(self, key: tuple[str, int, int], sound: Pcm | None) -> None:
        while len(self._sounds) >= KEPT:
            self._sounds.pop(next(iter(self._sounds)))
        self._sounds[key] = sound


def _key(reply: Reply) -> tuple[str, int, int]:
    return reply.text, reply.rate, reply.pitch
