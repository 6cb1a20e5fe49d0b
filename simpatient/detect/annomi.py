"""Scores the detector, as it is, on AnnoMI: expert-annotated talks of motivational interviewing (Wu et al. 2022).

The user brings the file; nothing of it is shipped, and nothing was learned from it. An utterance counts once, with the
majority label of its annotators. Intervals: 95 % bootstrap over source videos, so that one film's turns stay together.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simpatient.detect.detector import Detector, Hearing
from simpatient.errors import DataError

NEEDED = (
    "video_url", "transcript_id", "utterance_id", "interlocutor", "utterance_text", "reflection_exists",
    "question_exists", "question_subtype", "main_therapist_behaviour",
)  # fmt: skip
CLASSES = ("question", "reflection", "input", "other")
PUBLISHED = (
    ("one expert against nine others", 0.854),
    ("RoBERTa, supervised, with punctuation", 0.791),
    ("linear model, supervised, recogniser-like text", 0.695),
    ("TF-IDF, supervised, folds by source", 0.690),
)
"""Four-way macro-F1 that others reached; the third is the middle of .675 to .715."""
ROUNDS, SEED = 1000, 20261124
_NOT_A_WORD = re.compile(r"[^\w\s']|_")
_SAYS = {"therapist_input": "input"}


@dataclass(frozen=True)
class Said:
    """One utterance of a therapist, with its labels."""

    video: str
    text: str
    after: str
    main: str
    question: bool
    reflection: bool
    kind: str
    """open, closed, or '' where it is no question."""


@dataclass(frozen=True)
class Figure:
    """A score with its 95 % interval, 0..1."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Pair:
    said: Said
    main: str
    question: bool
    reflection: bool
    kind: str


def read(file: Path) -> list[Said]:
    """The therapist's utterances in order. Raises DataError with file:line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            missing = sorted(set(NEEDED) - set(rows.fieldnames or ()))
            if missing:
                raise DataError(f"{file}:1: no column {missing[0]}; this must be AnnoMI-full.csv")
            return _utterances(rows)
    except OSError as error:
        raise DataError(f"{file}:1: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{file}:1: not a CSV file in UTF-8") from None


def _utterances(rows: Iterable[dict[str, Any]]) -> list[Said]:
    grouped: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        filled = {key: value or "" for key, value in row.items() if isinstance(key, str)}
        grouped[filled["transcript_id"], filled["utterance_id"]].append(filled)
    found, talk, after = [], "", ""
    for (transcript, _), annotated in grouped.items():
        first = annotated[0]
        after = after if transcript == talk else ""
        talk = transcript
        if first["interlocutor"].strip().lower() != "therapist":
            after = first["utterance_text"]
            continue
        main = _most(annotated, "main_therapist_behaviour")
        kind = _most(annotated, "question_subtype") if _most(annotated, "question_exists") == "true" else ""
        found.append(
            Said(
                first["video_url"], first["utterance_text"], after, _SAYS.get(main, main),
                _most(annotated, "question_exists") == "true", _most(annotated, "reflection_exists") == "true",
                kind if kind in ("open", "closed") else "",
            )
        )  # fmt: skip
    return [said for said in found if said.main in CLASSES]


def _most(annotated: list[dict[str, str]], column: str) -> str:
    return Counter(row[column].strip().lower() for row in annotated).most_common(1)[0][0]


def like_a_recogniser(text: str) -> str:
    """Lower case, no punctuation, as a recogniser gives it."""
    return " ".join(_NOT_A_WORD.sub(" ", text.lower().replace("’", "'")).split())


def score(utterances: Iterable[Said], detector: Detector, heard: Callable[[str], str]) -> list[Figure]:
    """The figures on the texts as `heard` gives them."""
    pairs = [_pair(said, detector, heard) for said in utterances]
    by_video: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        by_video[pair.said.video].append(pair)
    samples = _resampled(list(by_video.values()))
    return [_figure(name, figure, pairs, samples) for name, figure in FIGURES]


def _pair(said: Said, detector: Detector, heard: Callable[[str], str]) -> _Pair:
    hearing = detector.hear(heard(said.text), heard(said.after))
    forms = {t.form for d in hearing.detections if (t := detector.pack.technique(d.code))}
    return _Pair(said, hearing.behaviour, "question" in forms, "reflection" in forms, _kind(hearing, detector))


def _kind(hearing: Hearing, detector: Detector) -> str:
    asked = [t.misc for d in hearing.detections if (t := detector.pack.technique(d.code)) and t.form == "question"]
    return "" if not asked else "open" if any("OQ" in misc for misc in asked) else "closed"


def _resampled(videos: list[list[_Pair]]) -> list[list[_Pair]]:
    import numpy

    draws: Any = numpy.random.default_rng(SEED).integers(0, max(1, len(videos)), (ROUNDS, len(videos)))
    return [[pair for i in draw for pair in videos[i]] for draw in draws]


Measure = Callable[[list[_Pair]], float]


def _figure(name: str, figure: Measure, pairs: list[_Pair], samples: list[list[_Pair]]) -> Figure:
    import numpy

    drawn = [figure(sample) for sample in samples] or [0.0]
    low, high = (float(x) for x in numpy.percentile(drawn, (2.5, 97.5)))
    return Figure(name, round(figure(pairs), 3), round(low, 3), round(high, 3))


def f1(truth: Iterable[bool], found: Iterable[bool]) -> float:
    """The harmonic mean of precision and recall; 0 where nothing is right."""
    counts = Counter(zip(truth, found, strict=True))
    right, wrong = counts[True, True], counts[True, False] + counts[False, True]
    return 2 * right / (2 * right + wrong) if right else 0.0


def _of_class(name: str) -> Measure:
    return lambda pairs: f1((p.said.main == name for p in pairs), (p.main == name for p in pairs))


def _macro(pairs: list[_Pair]) -> float:
    return sum(_of_class(name)(pairs) for name in CLASSES) / len(CLASSES)


def _open_closed(pairs: list[_Pair]) -> float:
    asked = [p for p in pairs if p.said.kind]
    return sum(f1((p.said.kind == k for p in asked), (p.kind == k for p in asked)) for k in ("open", "closed")) / 2


FIGURES: tuple[tuple[str, Measure], ...] = (
    ("main behaviour, four classes, macro-F1", _macro),
    *((f"  {name}, F1", _of_class(name)) for name in CLASSES),
    ("a question is there, F1", lambda ps: f1((p.said.question for p in ps), (p.question for p in ps))),
    ("a reflection is there, F1", lambda ps: f1((p.said.reflection for p in ps), (p.reflection for p in ps))),
    ("open or closed, macro-F1", _open_closed),
)
