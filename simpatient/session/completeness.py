"""Can the learner's sentence end here? Read from the words alone, which carry no punctuation. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from simpatient.yamlfile import load

Reading = Literal["question", "statement", "lead", "open"]
"""A question or request; a statement; an opening that promises more; a sentence that cannot end here."""
READINGS: tuple[Reading, ...] = ("question", "statement", "lead", "open")
FILE = Path(__file__).with_name("floor.yaml")
SHORT = 3
"""Words: an acknowledgement or greeting of so many promises more."""
YOU = frozenset({"you", "your", "you're", "you've", "you'd", "you'll"})
_INVERTED = ("you", "we", "it", "there", "they", "he", "she", "that", "this", "your", "the", "anyone", "anything", "i")
_TAGS = (
    "right",
    "is that right",
    "does that sound right",
    "how does that sound",
    "okay with you",
    "have i got that right",
)
_ENDINGS = (
    "thank you",
    "tell me why",
    "how about you",
    "what about you",
    "how are you",
    "used to",
    "so far",
    "kind of you",
)


@dataclass(frozen=True)
class Lists:
    """The kinds of words that `floor.yaml` names, each as one text."""

    articles: str
    conjunctions: str
    prepositions: str
    auxiliaries: str
    subjects: str
    questions: str
    fillers: str
    degrees: str
    needing: str
    stranded: str
    saying: str
    requests: str
    leads: str
    backchannels: str


@dataclass(frozen=True)
class Waits:
    """Milliseconds of quiet that end a turn, by what its words were read as."""

    question: int
    statement: int
    lead: int
    open: int

    def after(self, reading: Reading) -> int:
        return int(getattr(self, reading))


@dataclass(frozen=True)
class Turntaking:
    profiles: dict[str, Waits]
    words: Lists


@cache
def turntaking() -> Turntaking:
    """What `floor.yaml` says."""
    return load(FILE, Turntaking)


@cache
def kind(name: str) -> frozenset[str]:
    """The words of one kind."""
    return frozenset(getattr(turntaking().words, name).split())


def is_backchannel(text: str) -> bool:
    """Whether nothing was said but what a listener says; of no words nothing can be said."""
    words = text.lower().split()
    return bool(words) and all(word in kind("backchannels") for word in words)


def reading(text: str) -> Reading:
    """What the words so far are, if nothing came after them."""
    words = text.lower().split()
    if not words or _unfinished(words):
        return "open"
    if _asks(words):
        return "question"
    if len(words) <= SHORT or words[0] in ("thank", "thanks") or _announces(words):
        return "lead"
    return "statement"


def _announces(words: Sequence[str]) -> bool:
    """A greeting, an acknowledgement, or the speaker on their own account: hardly ever all there is to say."""
    announced = " ".join(words).startswith(("i'd like to ", "i want to ", "let me ", "i'm going to "))
    return words[0] in kind("leads") and (announced or not YOU & set(words))


def _unfinished(words: Sequence[str]) -> bool:
    """The last words ask for more, or the only clause hangs on another one."""
    text, last = " ".join(words), words[-1]
    if any(text.endswith(ending) for ending in (*_ENDINGS, *_TAGS)):
        return False
    before = words[-2] if len(words) > 1 else ""
    asked = _fronted(words[:-1])
    if last in kind("stranded") and asked and not (last == "to" and before not in ("talk", "speak", "listen")):
        return before in kind("auxiliaries") and last != "like"
    if last == "like":
        return before in ("you", "i", "you'd", "i'd", "would", "we'd", "feels", "sounds", "things", "it's")
    if last == "you" and before in (kind("conjunctions") | kind("questions")) - {"and", "or", "how"}:
        return True
    if last == "you" and before in kind("auxiliaries"):
        return not (before.endswith("n't") or YOU & set(words[:-2]))
    if last in kind("auxiliaries") or (last == "it" and before in kind("auxiliaries")):
        return not (asked and (before in YOU | {"it", "that", "they", "things", "to", "he", "she"} or last == "it"))
    if last == "that":
        return before in kind("saying")
    if last in ("much", "many", "often", "long", "kind", "sort", "far", "bad") and before in ("how", "what", "that"):
        return True
    if last in kind("needing"):
        return not asked
    names = ("articles", "conjunctions", "prepositions", "subjects", "questions", "fillers", "degrees")
    return any(last in kind(name) for name in names) or _dependent(words)


def _fronted(words: Sequence[str]) -> bool:
    """A question word stands before, and so what the last word asks for may have been said."""
    return any(word in kind("questions") or word in ("what's", "how's", "who's", "where's") for word in words)


def _dependent(words: Sequence[str]) -> bool:
    """A clause that begins with if, when, because … and no other clause beside it."""
    start = next((i for i, word in enumerate(words) if word not in kind("leads") | {"and", "but"}), len(words))
    if start == len(words) or words[start] not in ("if", "when", "because", "since", "although", "while", "before"):
        return False
    if words[start] in ("when", "before") and len(words) > start + 1 and words[start + 1] in kind("auxiliaries"):
        return False
    heads = kind("subjects") | {
        "you",
        "it",
        "what",
        "how",
        "who",
        "where",
        "that",
        "tell",
        "let's",
        "i'd",
        "i'm",
        "you'd",
    }
    clauses = [i for i in range(start + 1, len(words)) if words[i] in heads]
    return len(clauses) < 2 or clauses[-1] - clauses[0] < 3


def _asks(words: Sequence[str]) -> bool:
    """The last thing begun is a question or a request."""
    text = " ".join(words)
    if any(text.endswith(tag) for tag in _TAGS if tag != "right") or (text.endswith(" right") and len(words) > SHORT):
        return True
    begun = max((i for i in range(len(words)) if _opens_question(words, i)), default=None)
    if begun is None:
        return words[0] in ("what", "who") and len(words) > SHORT
    rest = words[begun + 1 :]
    return not any(w in ("i'm", "i'll", "thanks", "sorry", "okay") for w in rest) and len(words) - begun > 1


def _opens_question(words: Sequence[str], i: int) -> bool:
    word, after = words[i], words[i + 1] if i + 1 < len(words) else ""
    before = words[i - 1] if i else ""
    if word in ("what's", "how's", "who's", "where's"):
        return True
    if word in kind("questions"):
        return any(w in kind("auxiliaries") for w in words[i + 1 : i + 4]) or after in (
            "about",
            "else",
            "brings",
            "made",
        )
    if word in kind("auxiliaries") and after in _INVERTED and word not in ("let's", "been", "being", "be", "having"):
        return "'" not in word and before not in kind("subjects") | YOU | {"it", "that", "there", "this"}
    return (
        word in kind("requests")
        and (i == 0 or before in kind("leads") | {"and", "you", "please", "then"})
        and (after in ("me", "us", "through", "about") or word in ("describe", "imagine", "picture", "let's"))
    )
