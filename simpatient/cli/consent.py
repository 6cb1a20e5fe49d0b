"""May the sound be kept? Asked once, before a session begins; the answer stands in its journal."""

from collections.abc import Callable
from dataclasses import dataclass

from simpatient.cli import common
from simpatient.cli.options import RETAIN_DAYS

Ask = Callable[[str], str | None]
YES = frozenset({"y", "yes"})


@dataclass(frozen=True)
class Consent:
    """What the learner allowed, and how that is known."""

    audio: bool = False
    why: str = "typed: there is no sound"
    retain_days: int = RETAIN_DAYS

    def event(self) -> dict[str, object]:
        """As the journal's `consent` event has it."""
        about: dict[str, object] = {"audio": self.audio, "why": self.why}
        return about | ({"retain_days": self.retain_days} if self.audio else {})


def consent(typed: bool, keep: bool, days: int, ask: Ask) -> Consent:
    """By `--keep-audio`, by a question where somebody sits at a terminal; without an answer nothing is kept."""
    if typed:
        return Consent()
    if keep:
        return Consent(True, "--keep-audio", days)
    if not common.at_terminal():
        return Consent(False, "not asked: no terminal")
    answer = ask(f"Keep the sound of your voice and of the conversation on this machine for {days} days? [y/N] ")
    if (answer or "").strip().lower() in YES:
        return Consent(True, "the learner said yes", days)
    return Consent(False, "the learner did not say yes")


def at_prompt(question: str) -> str | None:
    """One line of standard input after the question."""
    print(question, end="", flush=True)
    return next(common.typed_lines(), None)
