"""personas/<id>/feedback.yaml: how feedback speaks about this person, and how this person thinks about the learner.

    threads:       what this person keeps coming back to; the first whose cue stands in their words is taken up
      - it         a noun phrase as a clinician would say it to them: "that app going off at dinner"; it stands after
                   "with" and "about", so it may be plural. Only what the cue shows that they have said.
        named      cues (`simpatient.cues`) in the patient's words; the last thread has none and serves for the rest
        goal       the goal that lies beneath
        loved      true: something good, or somebody; it stands in {dear} and never in {it}
        say        wordings for just this thread, by code
    goals:         each goal as a noun phrase in the clinician's mouth: "your Fridays back"
    say:           by code, sentences for this person; they stand as better wordings and as what was not yet tried
    thoughts:      by what happened, what this person thinks, in their own voice
    friend:        what they tell a friend: `ending` by how it ended, `because` by what was best or worst

Slots in a sentence: {it} or {dear} of the thread, {goal} of the goal, {quote} the patient's last words (a few, without
the final stop), {name} the first name. A sentence whose slot is empty at a moment is not used there.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from simpatient.cues import CueError, compile_cue
from simpatient.errors import DataError
from simpatient.persona.load import Patient
from simpatient.yamlfile import line_of, load

FILE = "feedback.yaml"
SLOTS = ("it", "dear", "goal", "quote", "name")
Happened = Literal[
    "problem", "sides", "label", "treatment", "pushed", "told", "brushed_off", "promised", "avoided", "obvious",
    "questioned", "unused", "asked", "heard", "choice", "hope", "straight", "step",
]  # fmt: skip
"""What a turn was to the patient: twelve kinds of harm or neglect, six of help."""
HAPPENED: tuple[str, ...] = Happened.__args__  # type: ignore[attr-defined]
Ending = Literal["left", "no", "maybe", "yes"]
ENDINGS: tuple[str, ...] = Ending.__args__  # type: ignore[attr-defined]
Because = Literal["judged", "rushed", "unheard", "asked", "heard", "choice", "hope", "straight", "nothing"]
BECAUSE: tuple[str, ...] = Because.__args__  # type: ignore[attr-defined]
_SLOT = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Thread:
    """Something this person keeps coming back to."""

    it: str
    named: tuple[str, ...] = ()
    goal: str = ""
    loved: bool = False
    """Something good, or somebody: never spoken of as a burden."""
    say: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def dark(self) -> bool:
        """It is about dying: its sentences ask about it, or about what lies beneath."""
        return "SI_ASK" in self.say or "UNDER" in self.say


@dataclass(frozen=True)
class Friend:
    """Two sentences to somebody they trust: how it ended, and why."""

    ending: dict[str, tuple[str, ...]]
    because: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Feedback:
    """feedback.yaml."""

    threads: tuple[Thread, ...]
    goals: dict[str, str]
    say: dict[str, tuple[str, ...]]
    thoughts: dict[str, tuple[str, ...]]
    friend: Friend


@lru_cache(maxsize=32)
def feedback(patient_folder: Path, ids: tuple[str, ...], codes: tuple[str, ...]) -> Feedback | None:
    """The folder's feedback.yaml, checked against the goals and codes there are; None if it has none. DataError."""
    file = patient_folder / FILE
    if not file.is_file():
        return None
    found = load(file, Feedback)
    for line, text in _problems(found, file, ids, codes):
        raise DataError(f"{file}:{line}: {text}")
    return found


def of(patient: Patient, codes: Iterable[str]) -> Feedback:
    """The feedback of a patient. One without a file has one made of the patient's own goals."""
    ids = tuple(goal.id for goal in patient.persona.goals)
    own = feedback(patient.folder, ids, tuple(codes)) if patient.folder else None
    return own or Feedback((Thread("all of this"),), {g.id: _to_you(g.short) for g in patient.persona.goals}, {}, {},
                           Friend({}, {}))  # fmt: skip


def texts(found: Feedback) -> Iterator[str]:
    """Every sentence and phrase of the file."""
    for thread in found.threads:
        yield thread.it
        yield from (text for every in thread.say.values() for text in every)
    yield from found.goals.values()
    for bank in (found.say, found.thoughts, found.friend.ending, found.friend.because):
        yield from (text for every in bank.values() for text in every)


def slots(text: str) -> list[str]:
    return _SLOT.findall(text)


def _to_you(short: str) -> str:
    """A goal in the patient's own voice turned towards them: my Fridays, your Fridays."""
    words = {"my": "your", "me": "you", "i": "you", "mine": "yours", "myself": "yourself"}
    return " ".join(words.get(word.lower(), word) for word in short.split())


def _problems(
    found: Feedback, file: Path, ids: tuple[str, ...], codes: tuple[str, ...]
) -> Iterator[tuple[int, str]]:  # fmt: skip
    names: list[tuple[str, Iterable[str], tuple[str, ...]]] = [
        ("goal", found.goals, ids), ("goal", [t.goal for t in found.threads if t.goal], ids),
        ("code", [*found.say, *(c for t in found.threads for c in t.say)], codes),
        ("thought", found.thoughts, HAPPENED), ("ending", found.friend.ending, ENDINGS),
        ("reason", found.friend.because, BECAUSE),
    ]  # fmt: skip
    for what, given, allowed in names:
        for name in given:
            if name not in allowed:
                yield line_of(file, name), f"found the {what} {name}; allowed: {', '.join(allowed)}"
    yield from _threads(found, file)
    yield from _sentences(found, file)


def _threads(found: Feedback, file: Path) -> Iterator[tuple[int, str]]:
    if not found.threads or found.threads[-1].named:
        yield line_of(file, "threads:"), "found no thread without cues at the end; the last one serves for the rest"
    for thread in found.threads:
        for cue in thread.named:
            try:
                compile_cue(cue, {})
            except CueError as error:
                yield line_of(file, cue), str(error)


def _sentences(found: Feedback, file: Path) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    phrases = [*(t.it for t in found.threads), *found.goals.values()]
    for text in texts(found):
        for slot in slots(text):
            if slot not in SLOTS:
                yield line_of(file, text), f"found the slot {{{slot}}}; allowed: {', '.join(SLOTS)}"
        if text in seen and text not in phrases:
            yield line_of(file, text), f"found {text!r}, which stands twice; allowed: once"
        seen.add(text)
    for text in phrases:
        if "{" in text or text[-1:] in ".!?" or not text.strip():
            yield line_of(file, text), f"found {text!r}; allowed: a noun phrase without slots and final stop"
