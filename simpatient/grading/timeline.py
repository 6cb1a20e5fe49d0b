"""Lines over time as coordinates: the timeline of a session, the two of a retry, the trend over attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from simpatient.model import AllianceState, Transcript

Shape = Literal["square", "diamond", "circle", "triangle", "plus", "star"]
Kind = Literal["strong", "turning", "missed"]


@dataclass(frozen=True)
class Look:
    """How a variable is drawn: never by colour alone."""

    label: str
    colour: str
    shape: Shape
    falls: bool = False
    """Lower is better."""


LOOKS = {
    "reluctance": Look("Reluctance", "#a8321f", "square", falls=True),
    "hope": Look("Hope", "#825400", "diamond"),
    "goal_agreement": Look("Agreement on goals", "#0a58ca", "circle"),
    "task_agreement": Look("Agreement on tasks", "#136b2d", "triangle"),
    "bond": Look("Bond", "#6a2f9c", "plus"),
}
SECOND_VISIT = Look("Second visit", "#1f2937", "star")
CHECKLIST = Look("Checklist", "#825400", "diamond")
LINE = 20
"""Height of a line of labels."""
TARGET = 28
"""Width and height of what is pressed (WCAG 2.2 asks for 24)."""
SHAPES_SHOWN = 14
"""Shapes on a line, at most; more would be a smear."""


@dataclass(frozen=True)
class Frame:
    """The picture and its margins, in pixels."""

    width: int = 800
    height: int = 330
    left: int = 42
    top: int = 14
    right: int = 172
    bottom: int = 36
    step: int = 25
    """Between two horizontal lines, of 100."""

    @property
    def plot_right(self) -> int:
        return self.width - self.right

    @property
    def plot_bottom(self) -> int:
        return self.height - self.bottom

    def y(self, value: float) -> float:
        return round(self.top + (1 - value) * (self.plot_bottom - self.top), 1)


SMALL = Frame(width=288, height=230, right=10, step=50)
"""Two of them stand side by side, and one fits a telephone; the legend names the lines."""


@dataclass(frozen=True)
class Curve:
    """One variable over the session."""

    look: Look
    points: tuple[tuple[float, float], ...]
    shown: tuple[tuple[float, float], ...]
    """The points that carry a shape."""
    first: int
    last: int
    """Of 100."""
    label_y: float

    @property
    def path(self) -> str:
        return _path(self.points)

    @property
    def shapes(self) -> str:
        return _path(self.shown)


@dataclass(frozen=True)
class Marker:
    """A moment over the lines, which can be pressed."""

    turn: int
    kind: Kind
    x: float
    y: float


@dataclass(frozen=True)
class Chart:
    """Everything that a picture holds."""

    frame: Frame
    curves: tuple[Curve, ...]
    grid: tuple[tuple[int, float], ...]
    """Of 100, and where."""
    ticks: tuple[tuple[str, float], ...]
    markers: tuple[Marker, ...] = ()


def states(transcript: Transcript) -> list[AllianceState]:
    """Where the patient stood at the start and after each turn."""
    return [transcript.start, *(turn.after for turn in transcript.turns)]


def session(
    transcript: Transcript, moments: Sequence[tuple[int, Kind]] = (), frame: Frame | None = None, first: int = 0
) -> Chart:
    """The five variables from state `first` on (0: the start), with markers on moments."""
    shown = states(transcript)[first:]
    frame = frame or Frame()
    step = (frame.plot_right - frame.left) / max(1, len(shown) - 1)
    lanes = _lanes([((turn - first) * step, turn, kind) for turn, kind in moments])
    depth = max((lane for _, _, _, lane in lanes), default=-1) + 1
    if depth:
        frame = Frame(frame.width, frame.height + depth * TARGET, frame.left, frame.top + depth * TARGET, frame.right,
                      frame.bottom, frame.step)  # fmt: skip
    names = ["start" if i + first == 0 else str(i + first) for i in range(len(shown))]
    chart = draw(frame, [(look, [getattr(s, name) for s in shown]) for name, look in LOOKS.items()], names)
    markers = tuple(
        Marker(turn, kind, round(frame.left + x, 1), TARGET / 2 + lane * TARGET) for x, turn, kind, lane in lanes
    )
    return Chart(chart.frame, chart.curves, chart.grid, chart.ticks, markers)


def draw(frame: Frame, series: Sequence[tuple[Look, Sequence[float | None]]], names: Sequence[str]) -> Chart:
    """Lines over the same steps, named `names`; None leaves a gap in the shapes. Labels never overlap."""
    step = (frame.plot_right - frame.left) / max(1, len(names) - 1)
    found = []
    for look, values in series:
        points = {i: (round(frame.left + i * step, 1), frame.y(v)) for i, v in enumerate(values) if v is not None}
        if points:
            every = ceil(len(values) / SHAPES_SHOWN)
            some = tuple(xy for i, xy in points.items() if i % every == 0 or i == len(values) - 1)
            known = [round(100 * v) for v in values if v is not None]
            found.append((look, tuple(points.values()), some, known[0], known[-1]))
    ends = sorted(range(len(found)), key=lambda i: found[i][1][-1][1])
    heights = apart([found[i][1][-1][1] for i in ends], frame.plot_bottom)
    label_y = {i: y for i, y in zip(ends, heights, strict=True)}
    curves = tuple(Curve(*parts, label_y[i]) for i, parts in enumerate(found))
    grid = tuple((percent, frame.y(percent / 100)) for percent in range(0, 101, frame.step))
    wide = max((len(name) for name in names), default=1) * 9 + 12
    sparse = ceil(wide / step) if len(names) > 1 else 1
    ticks = tuple((name, round(frame.left + i * step, 1)) for i, name in enumerate(names) if i % sparse == 0)
    return Chart(frame, curves, grid, ticks)


def apart(heights: Sequence[float], lowest: float, space: float = LINE) -> list[float]:
    """Moves labels, given from top to bottom, so far apart that each can be read."""
    placed: list[float] = []
    for y in heights:
        placed.append(max(y, placed[-1] + space) if placed else y)
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], lowest if i == len(placed) - 1 else placed[i + 1] - space)
    return [round(y, 1) for y in placed]


def _lanes(moments: Sequence[tuple[float, int, Kind]]) -> list[tuple[float, int, Kind, int]]:
    """Each moment in the first lane where it covers none before it."""
    ends: list[float] = []
    placed = []
    for x, turn, kind in sorted(moments):
        lane = next((i for i, end in enumerate(ends) if x - end >= TARGET), len(ends))
        ends[lane : lane + 1] = [x]
        placed.append((x, turn, kind, lane))
    return placed


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
