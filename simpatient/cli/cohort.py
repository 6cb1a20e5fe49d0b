"""`simpatient cohort`: the figures of many graded sessions, or of a hand-typed table, for a programme director."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simpatient.cli import common
from simpatient.errors import DataError, EquipmentError, OutputError, UsageError
from simpatient.grading.encounters import Encounter, of_csv, of_grade
from simpatient.session.outputs import CONVERSATION, GRADE, LEARNER, write_text

if TYPE_CHECKING:
    from simpatient.grading.cohort import Cohort

LIBRARIES = ("matplotlib", "pandas", "scipy", "statsmodels", "xlsxwriter")
PAGE, WORKBOOK = "cohort.html", "cohort.xlsx"


def run_cohort(source: Path, *, station: str | None, out: Path | None, resamples: int, seed: int) -> None:
    """Reads what can be read, writes page, workbook and tables. Exit code 1 where something had to be left out."""
    if missing := [name for name in LIBRARIES if importlib.util.find_spec(name) is None]:
        raise EquipmentError(f"a cohort needs {', '.join(missing)}: python3 -m pip install 'simpatient[cohort]'")
    encounters, wrong, kept = _sessions(source) if source.is_dir() else (*_table(source), {})
    for line in wrong:
        common.note(f"simpatient: {line}")
    known = sorted({e.station for e in encounters})
    if station is not None:
        encounters = [e for e in encounters if e.station == station]
    if not encounters:
        where = f"no session of {station!r}; found: {', '.join(known)}" if known else "nothing that is graded"
        raise UsageError(f"{source}: found {where}")
    from simpatient.grading.cohort import cohort

    folder = common.session_folder(out, "cohort")
    found = cohort(encounters, resamples, seed, kept)
    _write(found, folder, source.resolve().name, wrong)
    _show(found)
    print(f"Page: {folder / PAGE}\nWorkbook: {folder / WORKBOOK}")
    if wrong:
        sys.exit(1)


def _sessions(root: Path) -> tuple[list[Encounter], list[str], dict[str, int]]:
    """The encounters of a folder, a line for each that cannot be read, and the counts of consent and sound."""
    found, wrong = [], []
    kept = {"Sessions": 0, "Sessions whose learner consented to keep the sound": 0, "Sessions with sound kept": 0}
    for file in sorted(root.rglob(GRADE)):
        name = file.parent.relative_to(root).as_posix()
        try:
            found.append(of_grade(json.loads(file.read_text("utf-8")), str(file), name if name != "." else root.name))
        except DataError as error:
            wrong.append(str(error))
            continue
        except (OSError, ValueError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else "damaged: no JSON"
            wrong.append(f"{file}: {why}")
            continue
        sound = any((file.parent / name).is_file() for name in (CONVERSATION, LEARNER))
        for key, one in zip(kept, (True, _consent(file.parent), sound), strict=True):
            kept[key] += one
    return found, wrong, kept


def _consent(folder: Path) -> bool:
    """What the session's journal says; no where there is none."""
    try:
        with (folder / "journal.jsonl").open("rb") as lines:
            events = (json.loads(line) for line in lines if b'"event":"consent"' in line)
            return any(event.get("audio") is True for event in events if isinstance(event, dict))
    except (OSError, ValueError, RecursionError):
        return False


def _table(file: Path) -> tuple[list[Encounter], list[str]]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: found neither a folder of sessions nor a table (CSV): {error.strerror}") from None
    return of_csv(data, str(file))


def _write(found: "Cohort", folder: Path, name: str, wrong: list[str]) -> None:
    from simpatient.grading import cohort_written

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(f"{folder}: cannot write the cohort there: {error.strerror}") from None
    write_text(folder / PAGE, cohort_written.html(found, name, wrong))
    for table, frame in cohort_written.tables(found).items():
        write_text(folder / f"{table}.csv", cohort_written.as_csv(frame))
    path = folder / WORKBOOK
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(cohort_written.as_xlsx(found))
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from None


def _show(found: "Cohort") -> None:
    """The least that a director looks for; the page says the rest."""
    for s in found.stations:
        mean = s.spread if isinstance(s.spread, str) else f"mean {s.spread.mean:.1f} % (SD {s.spread.sd:.1f})"
        cut = s.regression
        line = f"no cut: {cut}" if isinstance(cut, str) else f"cut {cut.cut:.1f} % ({cut.low:.1f} to {cut.high:.1f})"
        print(f"{s.id}: {len(s.encounters)} candidates, {mean}, {line}")
        for warning in s.warnings:
            print(f"  ! {warning}")
