"""The live screen as a value, and the page that it makes. Pure: the same scene and size, the same lines.

Readable in 80×24, without colour: every state stands there in words. The page never has more lines than the
terminal; what no longer fits of the captions are the oldest ones.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from rich.console import Console, ConsoleOptions
from rich.text import Text

from simpatient.cli.screen import BARS
from simpatient.model import AllianceState

State = Literal["check", "listening", "thinking", "speaking", "paused", "waiting"]
Key = tuple[str, str, str]
"""The key, what it does in a word, and in a sentence."""

YOU = "You"
PARTIAL = 3
"""Lines of what is being said that are shown."""
NOTICES = 2
METER = 20
"""Cells."""
FAINTEST_DB = -60.0
"""Where the meter begins."""
SPACE: Key = ("Space", "talk", "hold it while you speak; or tap it to begin, and tap it again to end")
KEYS: tuple[Key, ...] = (
    ("r", "repeat", "hear the last answer again"),
    ("p", "pause", "pause, and go on"),
    ("c", "captions", "hide or show what both of you say"),
    ("s", "stop", "stop the simulation, as the words “stop simulation” do; Esc too"),
    ("?", "keys", "show or hide this list"),
)
HIDDEN = "Captions are hidden; the key c shows them."


@dataclass(frozen=True, slots=True)
class Caption:
    who: str
    """Empty for what nobody says: bells, pauses."""
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the screen shows."""

    name: str
    """Of the patient."""
    state: State = "check"
    clock: str = ""
    lead: str = ""
    """Before it begins, in place of the captions."""
    captions: tuple[Caption, ...] = ()
    shown: bool = True
    """The captions are."""
    partial: str = ""
    """What the learner is saying, as far as it was understood."""
    cells: int = 0
    """Of the meter that are full, 0..METER."""
    level: str = "quiet"
    """The same in a word."""
    voice: bool = False
    """The learner's voice is heard."""
    talking: str = ""
    """With the key held "held", tapped "tapped"."""
    by_key: bool = False
    """Without the key nobody is heard."""
    duplex: bool = False
    """The learner may interrupt."""
    notices: tuple[str, ...] = ()
    coach: str = ""
    alliance: AllianceState | None = None
    """Where the patient stands, if that is shown."""
    help: bool = False
    """The list of the keys is shown."""
    keys: tuple[Key, ...] = (SPACE, *KEYS)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield from page(self, console, options.max_width, options.height or options.size.height)


def cells(db: float) -> int:
    """Full cells of the meter at so many decibels below full scale."""
    return max(0, min(METER, round((db - FAINTEST_DB) / -FAINTEST_DB * METER)))


def page(scene: Scene, console: Console, width: int, height: int) -> list[Text]:
    """Exactly `height` lines, none wider than `width`."""

    def wrap(text: Text) -> list[Text]:
        return list(text.wrap(console, width))

    head = [*wrap(_title(scene, width)), *wrap(Text.assemble((scene.state.upper(), "bold reverse"), _means(scene)))]
    rule = Text("─" * width, "dim")
    foot = [rule, *(line for text in _below(scene) for line in wrap(text))]
    space = max(0, height - len(head) - 1 - len(foot))
    body = _body(scene, wrap, space)
    lines = [*head, rule, *body, *[Text()] * (space - len(body)), *foot]
    return lines[:height]


def _title(scene: Scene, width: int) -> Text:
    return Text.assemble((f"{scene.name}  ", "bold"), scene.clock.rjust(max(0, width - len(scene.name) - 2)))


def _means(scene: Scene) -> str:
    """What the state means for the learner."""
    match scene.state:
        case "check":
            return "  Say a few words: the level below should move. Enter: begin."
        case "listening" if scene.talking == "tapped":
            return "  You have the floor until you tap Space again."
        case "listening" if scene.talking:
            return "  You have the floor while you hold Space."
        case "listening" if scene.by_key:
            return "  Your turn: hold Space and speak."
        case "listening" if scene.voice:
            return "  You are heard."
        case "listening":
            return "  Your turn: speak when you are ready."
        case "thinking":
            return f"  {scene.name} is about to answer; go on speaking if you were not done."
        case "speaking" if scene.duplex:
            return f"  {scene.name} speaks; you may interrupt."
        case "speaking":
            return f"  {scene.name} speaks; you are heard afterwards."
        case "paused":
            return "  Nobody is heard, and no time passes."
        case "waiting":
            return "  No sound comes in."
    return ""


def _body(scene: Scene, wrap: Callable[[Text], list[Text]], space: int) -> list[Text]:
    if scene.help:
        lines = [Text.assemble((f"{key:>6}  ", "bold"), says) for key, _, says in scene.keys]
        return [line for text in lines for line in wrap(text)][:space]
    if scene.lead:
        return [line for text in scene.lead.split("\n") for line in wrap(Text(text))][:space]
    if not scene.shown:
        asides = [line for c in scene.captions if not c.who for line in wrap(_caption(c))]
        return [*asides[max(0, len(asides) - space + 1) :], Text(HIDDEN)][-space:] if space else []
    spoken = [line for c in scene.captions[-space:] for line in wrap(_caption(c))]
    if scene.partial:
        now = wrap(_caption(Caption(YOU, f"{scene.partial} …")))
        spoken += now if len(now) <= PARTIAL else [Text("…"), *now[1 - PARTIAL :]]
    return spoken[-space:] if space else []


def _caption(caption: Caption) -> Text:
    if not caption.who:
        return Text(caption.text, "bold")
    style = "bold" if caption.who == YOU else "bold magenta"
    return Text.assemble((f"{caption.who}: ", style), caption.text)


def _below(scene: Scene) -> Iterator[Text]:
    if scene.alliance:
        yield from _bars(scene.alliance)
    if scene.coach:
        yield Text.assemble(("Coach: ", "bold"), scene.coach)
    for notice in scene.notices[-NOTICES:]:
        yield Text.assemble(("Notice: ", "bold"), notice)
    bar = "█" * scene.cells + "·" * (METER - scene.cells)
    muted = scene.state == "paused"
    heard = "off" if muted else scene.level + (", a voice" if scene.voice else "")
    yield Text.assemble(("Microphone ", "bold"), "·" * METER if muted else bar, f" {heard}")
    yield Text(" · ").join(Text.assemble((key, "bold"), f" {does}") for key, does, _ in scene.keys)


def _bars(state: AllianceState) -> Iterator[Text]:
    """Two scores a line."""
    half = METER // 2
    told = []
    for name, label in BARS:
        value = getattr(state, name)
        full = round(value * half)
        told.append(f"{label:<13}{'█' * full}{'·' * (half - full)}{round(100 * value):>4}")
    yield from (Text(f"{told[n]}     {told[n + 1]}") for n in range(0, len(told), 2))
    yield Text(state.stage, "dim")
