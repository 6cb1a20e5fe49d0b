"""Questions about suicide that a recogniser may have misheard: words that sound like one and are none.

A learner must never be marked as not having asked because "suicide" came out as "sue aside". Such words are not
credited either: the turn is marked uncertain, and the patient asks back. Sound is compared by Metaphone (jellyfish).
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from simpatient.text import Token

MEANT = (
    "suicide", "suicidal", "kill yourself", "killing yourself", "end your life", "ending your life", "take your life",
    "taking your life", "hurt yourself", "hurting yourself", "harm yourself", "harming yourself", "self harm",
)  # fmt: skip
SAME_SOUND = {"to dye": "to die", "be dyed": "be dead"}
"""Too short for a likeness; these are told by their letters."""
_LONGEST = 4
"""Words of the longest piece that is compared."""
_SOUNDS, _LOOKS, _SHORT = 0.85, 0.6, 6
"""Likeness of sounds and of letters from which a piece may be a phrase misheard; shorter sounds must agree."""
_ABOUT = frozenset(
    "thought thoughts thinking think thinks feel feeling felt feelings wish wished want wanted wanting ever urge urges "
    "idea ideas plan plans tried try trying intend going considered consider of".split()
)
"""Words of which one stands in such a question."""


@dataclass(frozen=True)
class Misheard:
    """Characters of the text, and what they may have been."""

    start: int
    end: int
    meant: str


def misheard(toks: tuple[Token, ...]) -> tuple[Misheard, ...]:
    """Pieces that sound like a question about suicide but are spelled otherwise."""
    words = [token.text for token in toks]
    line = " ".join(words)
    if _ABOUT.isdisjoint(words) or any(meant in line for meant in MEANT):
        return ()
    found = []
    for start in range(len(words)):
        for size in range(1, min(_LONGEST, len(words) - start) + 1):
            piece = words[start : start + size]
            if (meant := _like(" ".join(piece))) is not None:
                found.append(Misheard(toks[start].start, toks[start + size - 1].end, meant))
                break
    return tuple(found)


@lru_cache(maxsize=4096)
def _like(piece: str) -> str | None:
    if piece in SAME_SOUND:
        return SAME_SOUND[piece]
    sound = _sound(piece)
    for meant in MEANT:
        known = _sound(meant)
        if piece == meant or sound[:1] != known[:1] or (sound != known and len(known) < _SHORT):
            continue
        if _ratio(sound, known) >= _SOUNDS and _ratio(piece.replace(" ", ""), meant.replace(" ", "")) >= _LOOKS:
            return meant
    return None


@lru_cache(maxsize=4096)
def _sound(piece: str) -> str:
    import jellyfish

    return jellyfish.metaphone(piece.replace(" ", ""))


def _ratio(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
