"""From recognised segments to learner turns: words belong together until a pause of `gap_ms`."""

from collections.abc import Iterable, Iterator

from simpatient.model import Utterance, Word
from simpatient.ports import Segment

GAP_MS = 1000
"""A pause from which a recording's next words are a new turn; sentences of one turn are closer."""


def turns(segments: Iterable[Segment], gap_ms: int = GAP_MS) -> Iterator[Utterance]:
    """The learner's turns in order, each given as soon as the next word is far enough away."""
    held: list[Word] = []
    for segment in segments:
        for word in segment.words:
            if held and word.start_ms - held[-1].end_ms >= gap_ms:
                yield together(held)
                held = []
            held.append(word)
    if held:
        yield together(held)


def together(words: list[Word]) -> Utterance:
    """One turn made of these words."""
    text = " ".join(word.text for word in words)
    return Utterance(text, tuple(words), words[0].start_ms, words[-1].end_ms, "audio")
