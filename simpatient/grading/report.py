"""The learner's page: a self-contained HTML file that works offline, made from a transcript and its grade."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from simpatient.grading.written import as_json as as_json
from simpatient.model import AllianceState, Grade, Transcript, Turn
from simpatient.persona.load import Patient

SHAPES = {"reluctance": "square", "hope": "diamond", "goal_agreement": "circle", "task_agreement": "triangle"}
LABELS = {
    "reluctance": "Reluctance",
    "hope": "Hope",
    "goal_agreement": "Agreement on goals",
    "task_agreement": "Agreement on tasks",
}
COLOURS = {"reluctance": "#b3261e", "hope": "#8a5a00", "goal_agreement": "#0b57d0", "task_agreement": "#146c2e"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 260, 44, 16, 178, 34


@dataclass(frozen=True)
class Point:
    """A score of one turn, in the picture's coordinates."""

    x: float
    y: float
    turn: int
    percent: int


@dataclass(frozen=True)
class Curve:
    """One variable over the session."""

    name: str
    label: str
    colour: str
    shape: str
    points: tuple[Point, ...]
    label_y: float

    @property
    def path(self) -> str:
        return " ".join(f"{p.x:g},{p.y:g}" for p in self.points)


def html(transcript: Transcript, grade: Grade, patient: Patient, audio: str = "") -> str:
    """The page; `audio` is the name of the conversation's file beside it, if there is one."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters["marked"] = marked
    environment.filters["sentence"] = moved
    return environment.get_template("report.html.j2").render(
        transcript=transcript, grade=grade, persona=patient.persona, curves=curves(transcript), audio=audio,
        width=WIDTH, height=HEIGHT, left=LEFT, top=TOP, plot_right=WIDTH - RIGHT, plot_bottom=HEIGHT - BOTTOM,
    )  # fmt: skip


def curves(transcript: Transcript) -> list[Curve]:
    """The four headline variables as curves; labels at the right end never overlap."""
    states = [transcript.start, *(turn.after for turn in transcript.turns)]
    step = (WIDTH - LEFT - RIGHT) / max(1, len(states) - 1)
    ends = sorted(SHAPES, key=lambda name: -getattr(states[-1], name))
    label_y = dict(zip(ends, _apart([_y(getattr(states[-1], name)) for name in ends]), strict=True))
    return [
        Curve(name, LABELS[name], COLOURS[name], shape, _points(states, name, step), label_y[name])
        for name, shape in SHAPES.items()
    ]


def _points(states: list[AllianceState], name: str, step: float) -> tuple[Point, ...]:
    values = [getattr(state, name) for state in states]
    return tuple(Point(round(LEFT + i * step, 1), _y(v), i, round(100 * v)) for i, v in enumerate(values))


def _y(value: float) -> float:
    return round(TOP + (1 - value) * (HEIGHT - TOP - BOTTOM), 1)


def _apart(heights: list[float], space: float = 16) -> list[float]:
    """Moves labels, given from top to bottom, so far apart that each can be read."""
    placed: list[float] = []
    for y in heights:
        placed.append(max(y, placed[-1] + space) if placed else y)
    over = max(0.0, placed[-1] - (HEIGHT - BOTTOM)) if placed else 0.0
    return [round(y - over, 1) for y in placed]


def marked(turn: Turn) -> list[tuple[str, str]]:
    """The learner's words cut into (text, codes) pieces; codes name what was heard in the piece."""
    text = turn.utterance.text
    edges = sorted({0, len(text), *(e for d in turn.detections for e in (d.start, d.end))})
    pieces = []
    for start, end in pairwise(edges):
        codes = sorted({d.code for d in turn.detections if d.start < end and start < d.end})
        pieces.append((text[start:end], " ".join(codes)))
    return pieces


def moved(turn: Turn, most: int = 5) -> str:
    """What the turn did, in words: 'reluctance fell by 12, hope rose by 4'; of more than `most` the largest."""
    names = ("reluctance", "hope", "goal_agreement", "task_agreement", "bond")
    changes = {name: round(100 * (getattr(turn.after, name) - getattr(turn.before, name))) for name in names}
    largest = sorted(names, key=lambda name: -abs(changes[name]))[:most]
    said = [
        f"{LABELS.get(name, name).lower()} {'rose' if change > 0 else 'fell'} by {abs(change)}"
        for name, change in changes.items()
        if change and name in largest
    ]
    return ", ".join(said) or "nothing moved"
