"""Listening to a live learner, half-duplex: a turn ends when the recogniser has heard words and quiet follows."""

from collections.abc import Iterable, Iterator

from simpatient.model import Utterance, Word
from simpatient.ports import RATE, Recogniser
from simpatient.session.turns import together

PATIENCE_MS = 1_100
"""Quiet after the last recognised words that ends a turn; therapeutic pauses are shorter or start a new turn."""
SILENCE_MS = 15_000
"""Nothing said for so long is an event for the patient."""


class _Stream:
    """Passes the microphone's blocks to the recogniser until the turn is over."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.heard_ms = 0
        self.words_at: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.heard_ms += len(block) // 2 * 1000 // RATE
            yield block
            if self._over():
                return

    def _over(self) -> bool:
        if self.words_at is None:
            return self.heard_ms >= SILENCE_MS
        return self.heard_ms - self.words_at >= PATIENCE_MS


def next_turn(blocks: Iterable[bytes], ears: Recogniser) -> Utterance | None:
    """The learner's next turn, or None after a long silence. Consumes blocks until the turn is over."""
    stream = _Stream(iter(blocks))
    words: list[Word] = []
    for segment in ears.listen(stream):
        words += segment.words
        stream.words_at = stream.heard_ms
    return together(words) if words else None
