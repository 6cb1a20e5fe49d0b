"""The learner's page (domain 6.2): one HTML file, made from a transcript and its grade, that works offline.

What it looks like is in `page/`: page.html.j2 puts the parts in order, style.css and page.js stand inside the file.
Without JavaScript everything works but comforts; a Content-Security-Policy forbids every request but the audio beside
it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from simpatient.grading import timeline
from simpatient.grading.marks import MOST
from simpatient.grading.written import as_json as as_json
from simpatient.model import VARIABLES, Grade, Mark, Transcript, Turn
from simpatient.persona.load import Patient
from simpatient.text import tokens

if TYPE_CHECKING:
    import jinja2

    from simpatient.grading.lessons import Lessons
    from simpatient.grading.station import Station

PAGE = Path(__file__).parent / "page"
AROUND_MS = 300
"""Played before and after a moment, so that no word is clipped."""
GROUPS = {
    "outcome": "Where it ended", "goals": "Goals", "tasks": "Steps", "techniques": "Techniques", "style": "Style",
    "risk": "Asking about suicide", "talk": "How the talking went", "confidence": "How well the words were heard",
}  # fmt: skip
ENDS = {
    "closed": "it was brought to a close", "time": "the time was over", "walkout": "the patient walked out",
    "refuses": "the patient stopped talking", "aborted": "it was stopped", "tech": "a technical fault ended it",
}  # fmt: skip
HARDLY = 1
"""Of 100; movements no larger are in the table, not in the words."""
Clips = Mapping[int, tuple[int, int]]
"""Where in the audio each turn is, in milliseconds."""
Other = tuple[Transcript, Grade]


class Own(Protocol):
    """What the learner thought before seeing a mark; see `simpatient.session.assessment`."""

    @property
    def come_back(self) -> int | None: ...
    @property
    def domains(self) -> Mapping[str, float | None]: ...
    @property
    def otherwise(self) -> str: ...


def html(
    transcript: Transcript,
    grade: Grade,
    patient: Patient,
    audio: str = "",
    *,
    lessons: "Lessons | None" = None,
    own: Own | None = None,
    other: Other | None = None,
    station: "Station | None" = None,
    clips: Clips | None = None,
) -> str:
    """The page.

    `audio` is the relative address of the sound, if there is one; `clips` says where in it each turn is, if not where
    the turn's own times say. `own` is the learner's own view; without it the page asks before it shows a mark.
    `other` is the session from which this one was tried again: both are shown from the turn where they part.
    `station` adds what the mark sheet says of failing, borderline and good work.
    """
    moments = _moments(grade, lessons)
    return _environment().get_template("page.html.j2").render(
        t=transcript, grade=grade, persona=patient.persona, name=patient.persona.name.split()[0], lessons=lessons,
        own=own, audio=audio, clips=_clips(transcript, clips) if audio else {}, most=MOST, ends=ENDS,
        kinds=dict(moments), chart=timeline.session(transcript, moments), states=timeline.states(transcript),
        looks=timeline.LOOKS,
        groups=_groups(grade.marks), names={c.code: c.name for c in grade.techniques},
        wrong={(c.code, turn) for c in grade.techniques if c.mistake for turn in c.turns},
        turns={turn.no: turn for turn in transcript.turns}, retry=retry(transcript, grade, other) if other else None,
        trend=trend(lessons) if lessons and len(lessons.trend) > 1 else None,
        anchors={d.id: d.anchors for d in station.domains} if station else {}, percent=percent,
        style=(PAGE / "style.css").read_text("utf-8"), script=(PAGE / "page.js").read_text("utf-8"),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _environment() -> "jinja2.Environment":
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    made.filters |= {"marked": marked, "moved": moved, "variable": variable, "figure": figure, "inner": inner,
                     "unquoted": unquote}  # fmt: skip
    return made


def _moments(grade: Grade, lessons: "Lessons | None") -> list[tuple[int, timeline.Kind]]:
    """The turns marked in the timeline: each once, a turning point before a missed cue before a strong moment."""
    found: dict[int, timeline.Kind] = {}
    if lessons is None:
        found |= {m.turn: m.kind for m in grade.moments}
    else:
        found |= {m.turn: "strong" for m in lessons.strong}
        found |= {m.turn: "missed" for m in lessons.missed}
        found |= {m.turn: "turning" for m in lessons.turning}
    return sorted(found.items())


def _clips(transcript: Transcript, clips: Clips | None) -> dict[int, tuple[float, float]]:
    """From and to of each turn in the audio, in seconds; typed turns have none."""
    if clips is not None:
        return {turn: (start / 1000, end / 1000) for turn, (start, end) in clips.items()}
    spoken = [turn for turn in transcript.turns if turn.utterance.end_ms > turn.utterance.start_ms]
    return {
        turn.no: (max(0, turn.utterance.start_ms - AROUND_MS) / 1000, (turn.utterance.end_ms + AROUND_MS) / 1000)
        for turn in spoken
    }


def _groups(marks: Sequence[Mark]) -> list[tuple[str, str, list[Mark]]]:
    """Key, heading and figures of each group."""
    return [(key, GROUPS.get(key, key.title()), list(found)) for key, found in groupby(marks, lambda m: m.group)]


def retry(transcript: Transcript, grade: Grade, other: Other) -> dict[str, object]:
    """Two attempts from the turn where they part: what was said, what was answered, both timelines, both ends."""
    first, first_grade = other
    both, grades = (first, transcript), (first_grade, grade)
    pairs = enumerate(zip(first.turns, transcript.turns, strict=False))
    shorter = min(len(each.turns) for each in both)
    part = next((i for i, (a, b) in pairs if a.utterance.text != b.utterance.text), shorter)
    ends = [timeline.states(each)[-1] for each in both]
    rows = [(timeline.SECOND_VISIT.label, *(percent(each.second_visit) for each in grades))]
    rows += [(look.label, *(percent(getattr(end, name)) for end in ends)) for name, look in timeline.LOOKS.items()]
    return {
        "turn": part + 1, "rows": rows, "outcomes": [each.outcome for each in grades],
        "said": [each.turns[part] if part < len(each.turns) else None for each in both],
        "charts": [timeline.session(each, (), timeline.SMALL, min(part, len(each.turns))) for each in both],
    }  # fmt: skip


def trend(lessons: "Lessons") -> timeline.Chart:
    """The learner's attempts as lines."""
    looks, attempts = timeline.LOOKS, lessons.trend
    series: list[tuple[timeline.Look, list[float | None]]] = [
        (timeline.SECOND_VISIT, [a.second_visit for a in attempts]),
        (timeline.CHECKLIST, [None if a.checklist is None else a.checklist / 100 for a in attempts]),
        (looks["reluctance"], [a.reluctance for a in attempts]),
        (looks["goal_agreement"], [a.goal_agreement for a in attempts]),
        (looks["task_agreement"], [a.task_agreement for a in attempts]),
    ]
    return timeline.draw(timeline.SMALL, series, [str(n) for n in range(1, len(attempts) + 1)])


# ---- words


def percent(value: float) -> int:
    """Of 100."""
    return round(100 * value)


def variable(name: str) -> str:
    """A variable's name within a sentence."""
    look = timeline.LOOKS.get(name)
    return look.label.lower() if look else name.replace("_", " ")


def moved(turn: Turn, most: int = len(VARIABLES)) -> str:
    """What the turn did, in words, the most telling first: 'reluctance fell by 12, hope rose by 4'; at most `most`."""
    changes = {name: percent(getattr(turn.after, name) - getattr(turn.before, name)) for name in VARIABLES}
    told = sorted((name for name in VARIABLES if abs(changes[name]) > HARDLY), key=lambda name: -abs(changes[name]))
    said = [f"{variable(name)} {'rose' if changes[name] > 0 else 'fell'} by {abs(changes[name])}" for name in told]
    return ", ".join(said[:most]) or ("hardly anything moved" if any(changes.values()) else "nothing moved")


def inner(text: str) -> str:
    """A quotation within a quotation."""
    return text.replace("“", "‘").replace("”", "’")


def figure(mark: Mark) -> str:
    """A figure in words: '62 of 100', 'not scored, because the turns were typed'."""
    if mark.value is None:
        return f"not scored, because {mark.not_scored}"
    value = f"{mark.value:g}" if isinstance(mark.value, (int, float)) else mark.value
    return f"{value}{'' if mark.unit.startswith('%') else ' '}{mark.unit}".strip()


def marked(turn: Turn) -> list[tuple[str, tuple[str, ...]]]:
    """The learner's words cut into (text, codes) pieces; codes name what was heard in the piece."""
    text = turn.utterance.text
    edges = sorted({0, len(text), *(e for d in turn.detections for e in (d.start, d.end))})
    pieces: list[tuple[str, tuple[str, ...]]] = []
    for start, end in pairwise(edges):
        codes = tuple(sorted({d.code for d in turn.detections if d.start < end and start < d.end}))
        if pieces and (pieces[-1][1] == codes or not tokens(text[start:end])):
            pieces[-1] = (pieces[-1][0] + text[start:end], pieces[-1][1])
        else:
            pieces.append((text[start:end], codes))
    return pieces
