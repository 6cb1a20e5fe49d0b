"""Recogniser text made uniform: lower-case tokens that remember where they stand in the text as it was given.

Punctuation is ignored, since a recogniser gives none; contractions are written out, fillers, softeners and restarts are
dropped, spellings are unified. What is typed and what is heard therefore meet the same cues.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_RAW = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_IS = frozenset(
    "it that what who where how there here he she when why everything everyone everybody something nothing one this "
    "anything else today".split()
)
_WHOLE = {
    "can't": "can not", "cant": "can not", "cannot": "can not", "won't": "will not", "wont": "will not",
    "shan't": "shall not", "ain't": "is not", "let's": "let us", "lets": "let us", "whats": "what is", "hows": "how is",
    "thats": "that is", "theres": "there is", "whos": "who is", "wheres": "where is", "dont": "do not",
    "didnt": "did not", "doesnt": "does not", "isnt": "is not", "arent": "are not", "wasnt": "was not",
    "havent": "have not", "hasnt": "has not", "wouldnt": "would not", "couldnt": "could not", "shouldnt": "should not",
    "youre": "you are", "youve": "you have", "youll": "you will", "youd": "you would", "im": "i am", "ive": "i have",
    "id": "i would", "theyre": "they are", "theyve": "they have", "weve": "we have", "gonna": "going to",
    "wanna": "want to", "gotta": "got to", "kinda": "kind of", "sorta": "sort of", "dunno": "do not know",
    "lemme": "let me", "cos": "because", "cuz": "because", "coz": "because", "ok": "okay", "mom": "mum",
    "mommy": "mum", "mummy": "mum", "mother": "mum", "father": "dad", "daddy": "dad", "mom's": "mum's",
    "mother's": "mum's", "father's": "dad's", "folks": "parents", "alright": "all right", "ya": "you", "y'all": "you",
    "till": "until", "yep": "yes", "yeah": "yes", "yup": "yes", "nope": "no", "counseling": "counselling",
    "counselor": "counsellor", "behavior": "behaviour", "favorite": "favourite", "organize": "organise",
    "prioritize": "prioritise", "program": "programme", "realize": "realise", "recognize": "recognise",
}  # fmt: skip
_ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
_FILLERS = frozenset("um uh uhm er erm ah eh".split())
_SOFT = frozenset("just really actually basically literally maybe perhaps quite very please exactly honestly".split())
_PAIRS = frozenset({("kind", "of"), ("sort", "of")})
_YOU_KNOW_VERB_BEFORE = frozenset("do did would if let that as how what may might will should anyone to".split())
_YOU_KNOW_OBJECT = frozenset("what how that if about who where why when the me of anyone any".split())


@dataclass(frozen=True, slots=True)
class Token:
    """One uniform word and the characters of the original it stands for."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=256)
def tokens(text: str) -> tuple[Token, ...]:
    """The uniform tokens of a text, in time linear in its length."""
    spread = [Token(word, m.start(), m.end()) for m in _RAW.finditer(text) for word in _uniform(m.group())]
    return tuple(_without_fillers(spread))


def uniform(text: str) -> str:
    """The text as cues see it: uniform words, each followed by a blank."""
    return "".join(token.text + " " for token in tokens(text))


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, roughly stemmed, for comparing two turns."""
    return frozenset(_stem(t.text) for t in tokens(text) if t.text not in _EMPTY)


def _uniform(raw: str) -> list[str]:
    word = raw.lower().replace("’", "'")
    if word in _WHOLE:
        return _WHOLE[word].split()
    base, mark, ending = word.rpartition("'")
    if not mark:
        return [word]
    if ending in _ENDINGS:
        return [base, _ENDINGS[ending]]
    if word.endswith("n't"):
        return [word[:-3], "not"]
    if ending == "s" and base in _IS:
        return [base, "is"]
    return [word]


def _without_fillers(spread: list[Token]) -> list[Token]:
    kept: list[Token] = []
    skip = False
    for i, token in enumerate(spread):
        after = spread[i + 1].text if i + 1 < len(spread) else ""
        if skip:
            skip = False
        elif token.text in _FILLERS or token.text in _SOFT or (kept and kept[-1].text == token.text):
            continue
        elif (token.text, after) in _PAIRS or _is_filler_phrase(spread, i, kept):
            skip = True
        else:
            kept.append(token)
    return kept


def _is_filler_phrase(spread: list[Token], i: int, kept: list[Token]) -> bool:
    pair = tuple(token.text for token in spread[i : i + 2])
    before = kept[-1].text if kept else ""
    following = spread[i + 2].text if i + 2 < len(spread) else ""
    if pair == ("you", "know"):
        return before not in _YOU_KNOW_VERB_BEFORE and following not in _YOU_KNOW_OBJECT
    return pair == ("i", "mean") and before not in ("what", "that", "do")


_EMPTY = frozenset(
    "a an the and or but so of to in on at for with from by as is are was were be been am do does did have has "
    "had i you he she it we they me him her them us my your his its our their this that these those not no yes "
    "okay well then than what how who when where why which would could should will can may might must there here "
    "if about up out all too some any get got going go like right now more it's one thing things say said".split()
)


def _stem(word: str) -> str:
    for ending in ("'s", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
