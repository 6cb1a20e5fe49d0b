"""From heard techniques to what counts: which, by how much, and because of which words."""

from collections.abc import Iterable, Mapping

from simpatient.cues import Cue
from simpatient.detect.context import Judged
from simpatient.detect.detector import Hearing
from simpatient.detect.pack import Pack
from simpatient.model import Detection
from simpatient.patient import dynamics
from simpatient.patient.dynamics import Credit
from simpatient.patient.situation import Memory
from simpatient.persona.schema import Persona
from simpatient.text import uniform

OFFERS = frozenset({"TASK_OFFER", "ALT_TASK", "TRIAL", "TASK_DEAL", "SIDE_FX"})
"""Codes whose effect on agreement about tasks depends on which task is meant."""
DERIVED_HURTS = frozenset({"TX_EARLY", "X_GOAL_OBVIOUS", "HARD_EARLY", "TRIAL_UNSAFE"})


def hurts(judged: Judged, pack: Pack) -> bool:
    """Whether the patient takes it badly: a mistake that counts as one here."""
    if judged.row != judged.detection.code:
        return False
    technique = pack.technique(judged.detection.code)
    return judged.detection.code in DERIVED_HURTS or bool(technique and technique.pull == "hurt")


def credited(
    judged: Iterable[Judged], hearing: Hearing, memory: Memory, text: str, pack: Pack, persona: Persona,
    named: tuple[str, ...],
) -> list[Credit]:  # fmt: skip
    """The codes that move the patient, at most five, hurts first; `named` are the tasks that the learner means."""
    c = dynamics.constants()
    felt = [j for j in judged if j.row and j.detection.confidence >= c.ignored_below]
    felt.sort(key=lambda j: not hurts(j, pack))
    felt = sorted(felt[: c.credited_per_turn], key=lambda j: (j.detection.start, j.detection.code))
    found = []
    for j in felt:
        again = _again(repetition_key(j.detection, hearing), memory)
        sure = j.detection.confidence if j.detection.confidence < c.partial_below else 1.0
        because = _because(j.detection, text, pack, again, sure < 1.0)
        tasks = _acceptability(j.detection.code, named, persona)
        found.append(Credit(j.detection, j.row, sure * c.repetition**again, because, tasks))
    return found


def repetition_key(d: Detection, hearing: Hearing) -> str:
    """What counts as saying the same again: sub-moves of these codes count apart."""
    if d.code == "EXTERN":
        return f"{d.code}:{d.cue}"
    if d.code == "GOAL_ECHO" and hearing.topics:
        return f"{d.code}:{hearing.topics[-1].name}"
    return d.code


def _again(key: str, memory: Memory) -> int:
    window = dynamics.constants().repetition_window
    return sum(1 for turn, k in memory.codes if k == key and memory.turn + 1 - turn <= window)


def _because(d: Detection, text: str, pack: Pack, again: int, partly: bool) -> str:
    """“the learner's words”, what they were heard as, and why they count for less, if they do."""
    technique = pack.technique(d.code)
    what = technique.name.lower() if technique else d.cue
    less = " and again, so it counts for less" if again else ""
    unsure = ", not heard clearly, so it counts in part" if partly else ""
    return f"you said “{text[d.start : d.end]}” ({d.code}: {what}){less}{unsure}"


def _acceptability(code: str, named: tuple[str, ...], persona: Persona) -> float:
    """Factor on agreement about tasks: what the person would do anyway moves more, and so does having a choice."""
    c = dynamics.constants()
    tasks = [t.acceptability for t in persona.tasks if t.id in named]
    if code not in OFFERS or not tasks:
        return 1.0
    factor = c.task_least + (c.task_most - c.task_least) * max(tasks)
    return factor * c.task_choice if len(tasks) > 1 else factor


def named_in(text: str, cues: Mapping[str, tuple[Cue, ...]]) -> tuple[str, ...]:
    """The keys of which a cue stands in the text."""
    line = uniform(text)
    words = frozenset(line.split())
    return tuple(key for key, every in cues.items() if any(True for cue in every for _ in cue.find(line, words)))
