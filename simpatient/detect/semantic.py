"""Hears techniques in wordings that nobody wrote down: a small fine-tuned sentence encoder, through onnxruntime.

The model, its vocabulary and its thresholds lie in `semantic/`; how they are made is in `training/`. Only onnxruntime
and numpy are needed at run time. Where onnxruntime cannot be imported, `load_semantic` gives None; cues serve alone.
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import exp, log
from pathlib import Path
from typing import Any, get_args

from simpatient.model import Behaviour

FOLDER = Path(__file__).parent / "semantic"
WINDOW, STEP = 45, 30
"""Words of a piece of a long turn, and from one piece to the next."""
AFTER = 30
"""Words of the patient's last turn that are seen."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LONGEST_WORD = 60
_JOINTS = frozenset(
    "and but so because then or what how why when where who would could can do did are is have if i you".split()
)
BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)
_MAIN = "main:"
IN_CONTEXT = frozenset("REFL_S REFL_C SI_AVOID CASE_DS UNDER GOAL_BRIDGE SUMMARY".split())
"""Codes that hang on what the patient said before."""
BARE = 0.15
"""Probability that any other code must have without it."""
PLAINLY_ASKED = 0.9
"""Probability from which a question about suicide is plain in the words alone, and no avoidance by what came before."""
_Spoken = tuple[str, int, int]
_CLAUSE = 4
"""Fewest words of a clause."""


@dataclass(frozen=True)
class Scored:
    """A code, how sure the model is of it (0..1), and the characters of the text where it is surest."""

    code: str
    probability: float
    start: int
    end: int


@dataclass(frozen=True)
class Meaning:
    """What the matcher makes of a turn."""

    over: tuple[Scored, ...]
    """Every code at or above its threshold, with the words where it stands."""
    most: dict[str, float]
    """The probability of every code, over threshold or not."""
    anywhere: dict[str, float] = field(default_factory=dict)
    """The probability of every code in the turn or in any one clause of it."""
    bare: dict[str, float] = field(default_factory=dict)
    """The probability of every code in the turn, whatever the patient said before."""
    behaviour: Behaviour | None = None
    """The main behaviour of the turn, where the model tells it."""


class Semantic:
    """The encoder. Deterministic on one machine; callers round what comes out."""

    def __init__(self, folder: Path = FOLDER, optimised: bool = True) -> None:
        import onnxruntime  # type: ignore[import-untyped]

        labels = json.loads((folder / "labels.json").read_text("utf-8"))
        self.codes: list[str] = [label for label in labels["labels"] if not label.startswith(_MAIN)]
        self._mains = [labels["labels"].index(_MAIN + name) for name in BEHAVIOURS if _MAIN + name in labels["labels"]]
        self.with_cue: dict[str, float] = {code: low for code, (low, _) in labels["thresholds"].items()}
        """How probable a code must be that a cue hears too."""
        self.alone: dict[str, float] = {code: high for code, (_, high) in labels["thresholds"].items()}
        """How probable a code must be that no cue hears."""
        self._slope, self._offset = labels["calibration"]
        self.digest = "sha256:" + labels["sha256"]
        self._length: int = labels["length"]
        self._pieces = _WordPieces((folder / "vocab.txt").read_text("utf-8").splitlines())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        if not optimised:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._run: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def hear(self, text: str, after: str = "", cued: Collection[str] = ()) -> Meaning:
        """What one learner turn may mean; `after` is what the patient said just before, `cued` what cues hear in it."""
        words = spoken_words(text)
        if not words:
            return Meaning((), {})
        context = _joined(spoken_words(after)[-AFTER:])
        most = dict.fromkeys(self.codes, 0.0)
        anywhere, bare = dict(most), dict(most)
        mains: list[Any] = []
        found: dict[str, Scored] = {}
        for first in range(0, max(1, len(words) - (WINDOW - STEP)), STEP):
            piece = words[first : first + WINDOW]
            here = context if first == 0 else ""
            whole, alone = self._whole(piece, here)
            clauses = _clauses(piece)
            doubted = any(whole[i] < self.with_cue[code] for i, code in enumerate(self.codes) if code in cued)
            over = any(whole[i] >= self.alone[code] for i, code in enumerate(self.codes))
            parts = self.probabilities([*map(_joined, clauses)], [here] * len(clauses)) if doubted or over else ()
            mains.append(whole[self._mains])
            for i, code in enumerate(self.codes):
                bare[code] = max(bare[code], float(alone[i]))
                anywhere[code] = max(anywhere[code], float(whole[i]), *(float(part[i]) for part in parts))
                if whole[i] >= self.alone[code] and whole[i] > most[code]:
                    found[code] = self._placed(i, float(whole[i]), parts, clauses, piece)
                most[code] = max(most[code], float(whole[i]))
        total = sum(mains)
        behaviour = BEHAVIOURS[int(total.argmax())] if self._mains else None
        return Meaning(tuple(found.values()), most, anywhere, bare, behaviour)

    def _whole(self, piece: list[_Spoken], context: str) -> tuple[Any, Any]:
        """Probabilities of a piece after `context`, and without it; a code that hangs on the words alone must have
        something without."""
        words = _joined(piece)
        if not context:
            found = self.probabilities([words], [""])[0]
            return found, found
        whole, bare = self.probabilities([words, words], [context, ""])
        empty = [code not in IN_CONTEXT and bare[i] < BARE for i, code in enumerate(self.codes)]
        if "SI_ASK" in self.codes and bare[self.codes.index("SI_ASK")] >= PLAINLY_ASKED:
            at = self.codes.index("SI_AVOID")
            empty[at] = bool(bare[at] < self.alone["SI_AVOID"])
        whole[: len(self.codes)][empty] = 0.0
        return whole, bare

    def _placed(
        self, i: int, probability: float, parts: Any, clauses: list[list[_Spoken]], piece: list[_Spoken]
    ) -> Scored:
        """The code at the clause where it is surest, or at the whole piece."""
        code = self.codes[i]
        best = max(range(len(parts)), key=lambda n: float(parts[n][i]))
        at = clauses[best] if parts[best][i] >= self.alone[code] / 2 else piece
        return Scored(code, probability, at[0][1], at[-1][2])

    def sureness(self, scored: Scored) -> float:
        """The chance that a hit of the matcher alone is right, 0..1, as measured on held-out speakers."""
        return 1 / (1 + exp(-self._slope * (_odds(scored.probability) - _odds(self.alone[scored.code])) - self._offset))

    def probabilities(self, texts: Sequence[str], afters: Sequence[str]) -> Any:
        """Array (texts, labels) of probabilities: the codes first, then the main behaviours."""
        import numpy

        rows = [self._pieces.pair(after, text, self._length) for text, after in zip(texts, afters, strict=True)]
        width = max(len(ids) for ids, _ in rows)
        ids, kinds, mask = (numpy.zeros((len(rows), width), numpy.int64) for _ in range(3))
        for n, (row, kind) in enumerate(rows):
            ids[n, : len(row)], kinds[n, : len(row)], mask[n, : len(row)] = row, kind, 1
        (logits,) = self._run.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds})
        return 1 / (1 + numpy.exp(-logits))


@lru_cache(maxsize=1)
def load_semantic() -> Semantic | None:
    """The shipped model, or None where onnxruntime cannot be imported or no model is there."""
    if not (FOLDER / "model.onnx").exists():
        return None
    try:
        return Semantic()
    except ImportError:
        return None


def spoken_words(text: str) -> list[_Spoken]:
    """The words of a text, in lower case and without punctuation, with their characters."""
    return [(m.group().lower().replace("’", "'"), m.start(), m.end()) for m in _WORD.finditer(text)]


def _odds(probability: float) -> float:
    p = min(max(probability, 1e-6), 1 - 1e-6)
    return log(p / (1 - p))


def _joined(words: Sequence[_Spoken]) -> str:
    return " ".join(word for word, _, _ in words)


def _clauses(words: list[_Spoken]) -> list[list[_Spoken]]:
    """Pieces that begin at a joint and have some length; a recogniser gives no punctuation to go by."""
    pieces: list[list[_Spoken]] = [[]]
    for word in words:
        if word[0] in _JOINTS and len(pieces[-1]) >= _CLAUSE:
            pieces.append([])
        pieces[-1].append(word)
    if len(pieces) > 1 and len(pieces[-1]) < _CLAUSE:
        last = pieces.pop()
        pieces[-1] += last
    return pieces


class _WordPieces:
    """BERT's uncased word pieces: greedy longest match, '##' inside a word."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {piece: i for i, piece in enumerate(vocabulary)}
        self._cls, self._sep, self._unknown = (self._ids[name] for name in ("[CLS]", "[SEP]", "[UNK]"))

    def pair(self, first: str, second: str, length: int) -> tuple[list[int], list[int]]:
        """Ids and segment numbers of '[CLS] first [SEP] second [SEP]', or of the second alone."""
        b = self.ids(second)[: length - 3]
        a = self.ids(first)[: max(0, length - 3 - len(b))] if first else []
        if not a:
            return [self._cls, *b, self._sep], [0] * (len(b) + 2)
        return [self._cls, *a, self._sep, *b, self._sep], [0] * (len(a) + 2) + [1] * (len(b) + 1)

    def ids(self, text: str) -> list[int]:
        return [i for word in text.replace("'", " ' ").split() for i in self._word(word)]

    def _word(self, word: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(word) <= _LONGEST_WORD:
            piece = next((p for p in self._candidates(word, start) if p in self._ids), None)
            if piece is None:
                break
            found.append(self._ids[piece])
            start += len(piece) - (2 if start else 0)
        return found if found and start >= len(word) else [self._unknown]

    @staticmethod
    def _candidates(word: str, start: int) -> list[str]:
        prefix = "##" if start else ""
        return [prefix + word[start:end] for end in range(len(word), start, -1)]
