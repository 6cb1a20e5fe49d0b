"""`simpatient transcribe` and `simpatient detect`."""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from simpatient.cli import common, screen
from simpatient.detect.context import Context, judge
from simpatient.detect.detector import Detector, Hearing
from simpatient.errors import InputError, UsageError
from simpatient.model import VARIABLES, Detection
from simpatient.patient.engine import is_dangerous
from simpatient.persona.load import Patient
from simpatient.session import records
from simpatient.session.records import Json

_DYING = re.compile(r"\b(die|dying|dead|suicid\w*|kill (myself|me)|end it|hurt myself|not be here)\b", re.IGNORECASE)
"""What the patient just said was of dying; in a session the engine knows this of its own."""
_KEYS = ("text", "after", "persona", "state")
_STATE = ("stage", *VARIABLES)


def run_transcribe(files: Iterable[str], as_json: bool, model: str | None, channel: int | None) -> None:
    """One line a file; a file that cannot be read costs one line and the rest go on."""
    from pathlib import Path

    from simpatient.ports.recordings import blocks, probe

    failed = 0
    with common.recogniser(model) as ears:
        common.note(f"Listening: {ears.about}")
        for file in files:
            try:
                probe(Path(file))
                words = [w for segment in ears.listen(blocks(Path(file), channel=channel)) for w in segment.words]
            except InputError as error:
                common.note(f"simpatient: {error}")
                failed = error.exit_code
                continue
            text = " ".join(w.text for w in words)
            record = {"file": file, "engine": ears.name, "text": text, "words": [records.of_word(w) for w in words]}
            print(records.canonical(record) if as_json else f"{file}: {text}", flush=True)
    if failed:
        sys.exit(failed)


def run_detect(text: str | None, as_json: bool) -> None:
    """The argument, or one turn a line of standard input."""
    detector = Detector()
    lines = [text] if text is not None else common.typed_lines()
    for number, line in enumerate(lines, 1):
        asked = _asked(line, number) if text is None else {"text": line}
        hearing = detector.hear(asked["text"], asked.get("after", ""))
        found = _found(asked, hearing, detector, number)
        if as_json:
            record = {
                "text": asked["text"],
                "behaviour": hearing.behaviour,
                "detections": [records.of_detection(d) for d in found],
            }
            print(records.canonical(record), flush=True)
        else:
            _show(asked["text"], hearing, found)


def _asked(line: str, number: int) -> dict[str, Any]:
    """A line of text, or a JSON object with the keys of the contract."""
    if not line.lstrip().startswith("{"):
        return {"text": line}
    try:
        asked: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError):
        return {"text": line}
    unknown = sorted(set(asked) - set(_KEYS))
    if (
        unknown
        or not _is_text(asked.get("text"))
        or not _is_text(asked.get("after", ""))
        or not _is_text(asked.get("persona", ""))
    ):
        what = f"the key {unknown[0]!r}" if unknown else "no text"
        raise UsageError(f"line {number}: found {what}; allowed: {', '.join(_KEYS)}, text being a sentence")
    return asked


def _is_text(value: Any) -> bool:
    """A text that can be written again: no lone halves of a surrogate pair."""
    return isinstance(value, str) and value.encode("utf-8", "replace").decode() == value


def _found(asked: Json, hearing: Hearing, detector: Detector, number: int) -> tuple[Detection, ...]:
    """Surface codes for text alone; with a persona, the derived ones too."""
    if not asked.get("persona"):
        return hearing.detections
    patient = common.patient(asked["persona"], detector)
    context = context_of(patient, _state(asked.get("state") or {}, number), asked.get("after", ""), asked["text"])
    return tuple(j.detection for j in judge(hearing, context, asked["text"]))


def context_of(patient: Patient, state: Mapping[str, float], after: str, text: str) -> Context:
    """The situation of a single turn: this patient, at the start where `state` says nothing, having said `after`."""
    person = patient.persona
    return Context(
        voluntary=person.voluntary, obvious_goal=person.obvious_goal, danger=is_dangerous(patient, text),
        goal_agreement=state.get("goal_agreement", person.start.goal_agreement),
        bond=state.get("bond", person.start.bond), hinted=bool(_DYING.search(after)),
    )  # fmt: skip


def _state(state: Any, number: int) -> dict[str, float]:
    if not isinstance(state, dict) or set(state) - set(_STATE):
        raise UsageError(f"line {number}: found a state with other keys; allowed: {', '.join(_STATE)}")
    scores = {key: value for key, value in state.items() if key != "stage"}
    for key, value in scores.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise UsageError(f"line {number}: found {key} {value!r}; allowed: a number from 0 to 1")
    return scores


def _show(text: str, hearing: Hearing, found: tuple[Detection, ...]) -> None:
    from rich.table import Table

    view = screen.console()
    table = Table(
        "code",
        "words",
        "confidence",
        "cue",
        title=text,
        title_justify="left",
        caption=f"main behaviour: {hearing.behaviour}",
    )
    for d in found:
        table.add_row(d.code, text[d.start : d.end], f"{d.confidence:.2f}", d.cue)
    view.print(table if found else f"{text}\n  no technique heard ({hearing.behaviour})")
