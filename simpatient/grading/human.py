"""What human examiners decide beside the software: `marks.jsonl`, one judgement a line, and the sheets they make.

    {"format":1,"examiner":"dr-a","at":"2024-05-01T09:30:00Z","what":"global","target":"","old":"","new":"3","why":""}
    {"format":1,…,"what":"item","target":"asks_what_for","old":"partly","new":"met","why":"said with the eyes"}
    {"format":1,…,"what":"domain","target":"goals","old":"2.5","new":"3","why":…}
    {"format":1,…,"what":"detection","target":"4:VALIDATE","old":"no","new":"yes","why":…}
    {"format":1,…,"what":"comment","target":"","old":"","new":"…","why":""}

Lines are added and never changed; the last word of an examiner on a thing counts. `old` is always the software's mark,
so that a line in which old and new are the same is an agreement, and both are kept.
"""

import dataclasses
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from simpatient.detect.pack import Pack
from simpatient.errors import JournalError, OutputError
from simpatient.grading.listen import heard
from simpatient.grading.marks import MOST, marks, summed
from simpatient.grading.station import Station
from simpatient.model import Detection, Grade, HumanMarks, ItemMark, Judgement, SheetMarks, Transcript, Turn
from simpatient.persona.load import Patient

NAME = "marks.jsonl"
FORMAT = 1
RATINGS = {1: "fail", 2: "borderline", 3: "pass", 4: "very good", 5: "outstanding"}
BORDERLINE = 2
What = Literal["global", "item", "domain", "detection", "comment"]
Outcome = Literal["met", "partly", "not met"]
SHARE: dict[str, float] = {"met": 1.0, "partly": 0.5, "not met": 0.0}
"""Share of an item's points that an outcome earns."""
_KEYS = tuple(field.name for field in dataclasses.fields(Judgement))
_NEW = {
    "global": frozenset(map(str, RATINGS)), "item": frozenset(SHARE), "detection": frozenset({"yes", "no"}),
    "domain": None, "comment": None,
}  # fmt: skip


def append(folder: Path, judgements: Iterable[Judgement]) -> None:
    """Adds lines to the session's marks, for the owner's eyes only, synced. Raises OutputError."""
    lines = [json.dumps({"format": FORMAT, **dataclasses.asdict(j)}, ensure_ascii=False) + "\n" for j in judgements]
    path = folder / NAME
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            end = os.lseek(file, 0, os.SEEK_END)
            torn = end > 0 and path.read_bytes()[-1:] != b"\n"
            data = ("\n" * torn + "".join(lines)).encode("utf-8", "backslashreplace")
            while data:
                data = data[os.write(file, data) :]
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from None


def read(folder: Path) -> tuple[Judgement, ...]:
    """The judgements of a session, if any. A line torn by a crash is left out. Raises JournalError."""
    path = folder / NAME
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise JournalError(f"{path}: no marks can be read there: {error.strerror}") from None
    found = (_judgement(f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())
    return tuple(j for j in found if j is not None)


def _judgement(where: str, line: bytes) -> Judgement | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise JournalError(f"{where}: found no mark of format {FORMAT}, which this version reads")
    values = [record.get(key) for key in _KEYS]
    if not all(isinstance(value, str) for value in values) or not _fits(record["what"], record["new"]):
        raise JournalError(f"{where}: found no examiner's mark; see docs/cohort.md")
    return Judgement(*values)  # type: ignore[arg-type]


def _fits(what: object, new: str) -> bool:
    if not isinstance(what, str) or what not in _NEW:
        return False
    allowed = _NEW[what]
    return is_domain_mark(new) if what == "domain" else allowed is None or new in allowed


def is_domain_mark(text: str) -> bool:
    """Whether it is a number from 0 to 4."""
    try:
        return 0 <= float(text) <= MOST
    except ValueError:
        return False


def software(grade: Grade, transcript: Transcript, what: str, target: str) -> str | None:
    """What the software made of the target; None where there is no such thing to judge."""
    if what in ("global", "comment"):
        return ""
    if what == "detection":
        no, _, code = target.partition(":")
        turn = next((t for t in transcript.turns if str(t.no) == no), None)
        return None if turn is None else "yes" if any(d.code == code for d in heard(turn)) else "no"
    if grade.sheet is None:
        return None
    if what == "item":
        return next((item.outcome for item in grade.sheet.items if item.id == target), None)
    domain = next((d for d in grade.sheet.domains if d.id == target), None)
    return None if domain is None else "not scored" if domain.mark is None else f"{domain.mark:g}"


def human_marks(
    judgements: Sequence[Judgement], transcript: Transcript, station: Station | None, patient: Patient, pack: Pack,
    open_loop: bool = False,
) -> tuple[HumanMarks, ...]:  # fmt: skip
    """What each examiner made of the session."""
    found = []
    for examiner in dict.fromkeys(j.examiner for j in judgements):
        own = _last_words(j for j in judgements if j.examiner == examiner)
        rating = next((int(j.new) for j in own if j.what == "global"), None)
        told = _corrected(transcript, own, pack)
        sheet = _judged(marks(told, station, patient, pack, open_loop), own, station) if station else None
        found.append(HumanMarks(examiner, rating, own, sheet))
    return tuple(found)


def _last_words(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    last: dict[object, Judgement] = {}
    for number, judgement in enumerate(judgements):
        key = (judgement.what, judgement.target, number if judgement.what == "comment" else 0)
        last.pop(key, None)
        last[key] = judgement
    return tuple(last.values())


def _corrected(transcript: Transcript, own: tuple[Judgement, ...], pack: Pack) -> Transcript:
    """The transcript with the techniques that the examiner heard; the patient's replies are what they were."""
    said = {j.target: j for j in own if j.what == "detection"}
    return (
        replace(transcript, turns=tuple(_heard_by(turn, said, pack) for turn in transcript.turns))
        if said
        else transcript
    )


def _heard_by(turn: Turn, said: dict[str, Judgement], pack: Pack) -> Turn:
    here = {target.partition(":")[2]: j for target, j in said.items() if target.partition(":")[0] == str(turn.no)}
    if not here:
        return turn
    kept = [d for d in turn.detections if d.code not in here or (here[d.code].new == "yes" and d in heard(turn))]
    codes = {d.code for d in kept}
    added = [
        Detection(
            code, "surface" if pack.technique(code) else "derived", 0, len(turn.utterance.text), 1.0,
            f"examiner {j.examiner}",
        )
        for code, j in here.items() if j.new == "yes" and code not in codes
    ]  # fmt: skip
    return replace(turn, detections=(*kept, *added))


def _judged(sheet: SheetMarks, own: tuple[Judgement, ...], station: Station) -> SheetMarks:
    items = {j.target: cast(Outcome, j.new) for j in own if j.what == "item"}
    domains = {j.target: float(j.new) for j in own if j.what == "domain"}
    return summed(station, tuple(_item(i, items[i.id]) if i.id in items else i for i in sheet.items), domains)


def _item(item: ItemMark, outcome: Outcome) -> ItemMark:
    evidence = item.evidence if outcome == item.outcome else ()
    return replace(
        item, outcome=outcome, earned=SHARE[outcome] * item.possible, not_scored="", evidence=evidence, review=False,
        indicative=False,
    )  # fmt: skip
