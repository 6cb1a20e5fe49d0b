"""Turns on the screen: words, techniques with their evidence, bars, the patient's answer."""

from rich.console import Console
from rich.text import Text

from simpatient.model import AllianceState, Reply, Turn

BARS = (
    ("reluctance", "Reluctance"),
    ("hope", "Hope"),
    ("goal_agreement", "Goals agreed"),
    ("task_agreement", "Tasks agreed"),
)
_WIDTH = 20


def console(stderr: bool = False) -> Console:
    return Console(highlight=False, soft_wrap=True, stderr=stderr)


def say(screen: Console, text: str, bold: bool = False) -> None:
    """A line as it is: brackets in names and paths are no markup."""
    screen.print(Text(text, "bold" if bold else ""))


def show_turn(screen: Console, name: str, turn: Turn, state: bool = True, heard: bool = True) -> None:
    """One exchange; `state` shows what moved and why."""
    if heard:
        screen.print(Text.assemble((f"{turn.no:>2} You: ", "bold"), turn.utterance.text))
    if state:
        show_evidence(screen, turn)
        show_why(screen, turn)
        show_bars(screen, turn.before, turn.after)
    show_reply(screen, name, turn.reply)


def show_evidence(screen: Console, turn: Turn) -> None:
    for d in turn.detections:
        quote = turn.utterance.text[d.start : d.end]
        sign = "?" if d.confidence < 0.7 else " "
        screen.print(
            Text.assemble(
                "     ",
                (f"{d.code}{sign}", "cyan"),
                f" “{quote}”",
                (f"  {d.cue}" if d.layer == "derived" else "", "dim"),
            )
        )


def show_why(screen: Console, turn: Turn) -> None:
    """The reason of each movement: the learner's words, and what they moved by how much."""
    reasons: dict[str, list[str]] = {}
    for effect in turn.effects:
        if change := round(100 * effect.delta):
            reasons.setdefault(effect.because, []).append(f"{effect.variable.replace('_', ' ')} {change:+d}")
    for because, moved in reasons.items():
        screen.print(Text(f"     {', '.join(moved)}: {because}", "dim"))


def show_bars(screen: Console, before: AllianceState, after: AllianceState) -> None:
    for name, label in BARS:
        was, value = getattr(before, name), getattr(after, name)
        full = round(value * _WIDTH)
        change = round(100 * (value - was))
        arrow = f"▲ {change:+d}" if change > 0 else f"▼ {change:+d}" if change < 0 else ""
        screen.print(
            Text.assemble(
                "     ",
                f"{label:<13}",
                ("█" * full, "green"),
                ("·" * (_WIDTH - full), "dim"),
                f" {round(100 * value):>3} ",
                (arrow, "dim"),
            )
        )
    screen.print(Text(f"     {after.stage}", "dim"))


def show_reply(screen: Console, name: str, reply: Reply) -> None:
    screen.print(Text.assemble((f"   {name}: ", "bold magenta"), reply.text))
