"""`simpatient grade`: recordings and sessions graded side by side, a report each and one table.

A run that was broken off goes on where it was: what the ledger in the results folder knows is not done again. A broken
file costs one line, and the rest go on.
"""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from simpatient import __version__, places
from simpatient.cli import common
from simpatient.cli.gauge import Gauge
from simpatient.detect.detector import Detector
from simpatient.errors import InputError, SimpatientError, UsageError
from simpatient.grading.station import Station, load_station
from simpatient.patient.engine import MIDDLE, Engine
from simpatient.ports import workers
from simpatient.ports.recordings import LONGEST
from simpatient.session import journal, ledger
from simpatient.session.grading_run import BESIDE, Grader, Unit, Wishes, is_journal
from simpatient.session.ledger import Entry, Ledger
from simpatient.session.outputs import GRADE, REPORT, write_text
from simpatient.session.records import Json, canonical

SOUNDS = frozenset(
    ".wav .wave .flac .ogg .oga .opus .mp3 .aiff .aif .aifc .au .snd .caf .w64 .rf64 .voc .m4a .wma".split()
)
"""Suffixes by which recordings are found in a folder; a file that is named is heard whatever it is called."""
TABLE, LINES = "grades.csv", "grades.jsonl"


@dataclass(frozen=True)
class Asked:
    """What the command was asked; goes to every process."""

    persona: str | None
    station: str | None
    seed: int | None
    model: str | None
    wishes: Wishes


def run_grade(paths: list[str], asked: Asked, *, out: Path | None, as_json: bool, jobs: int | None) -> None:
    """Grades everything; the exit code is that of the last thing that could not be read."""
    root = common.session_folder(out, "grade")
    found = _found(paths, root)
    _check(found, asked)
    settings = _settings(found, asked)
    book = Ledger(root)
    report = _Report(root, [str(path) for path in found], as_json)
    try:
        with Gauge([0 if is_journal(p) else _seconds(p) for p in found]) as gauge:
            _all(found, root, asked, settings, book, report, gauge, jobs or os.cpu_count() or 1)
    finally:
        book.close()
        report.write()
    if report.failed:
        sys.exit(report.failed)


def _all(
    found: list[Path], root: Path, asked: Asked, settings: Json, book: Ledger, report: "_Report", gauge: Gauge,
    jobs: int,
) -> None:  # fmt: skip
    folders = _folders(root, found)
    number = {folder: n for n, folder in enumerate(folders)}

    def pending() -> Iterator[Unit]:
        for n, (path, folder) in enumerate(zip(found, folders, strict=True)):
            try:
                content = _content(path)
            except SimpatientError as error:
                report.error(n, error)
                continue
            key = ledger.key(content, {**settings, "name": folder.name})
            if (entry := book.take(key, folder.name)) is not None:
                report.done(n, entry)
                gauge.done(n)
            else:
                yield Unit(path, folder, key, content)

    def tell(unit: Unit, seconds: float) -> None:
        gauge.tell(number[unit.folder], seconds)

    make = partial(grader, asked)
    jobs = min(jobs, len(found))
    alone = jobs == 1
    results = workers.one_by_one(make, pending(), tell) if alone else workers.side_by_side(make, pending(), jobs, tell)
    with closing(results):
        for unit, result in results:
            n = number[unit.folder]
            gauge.done(n)
            if isinstance(result, SimpatientError):
                report.error(n, result)
            else:
                book.add(result)
                report.done(n, result)


def grader(asked: Asked) -> Grader:
    """What grades in a process: patient, taxonomy, and the recogniser once something must be heard."""
    from simpatient.ports.hearing import choose

    engine, station = _sitting(asked.persona, asked.station, asked.seed)
    detector = engine.detector if engine else Detector()

    def of_journal(header: Json) -> tuple[Engine, Station | None]:
        seed, difficulty = header["seed"], header.get("difficulty", MIDDLE)
        if station and engine and header["persona"]["id"] == engine.patient.id:
            return Engine(engine.patient, detector, seed, difficulty), station
        own = common.station_of(header)
        if own:
            file = places.station(own.id)
            return Engine(common.sitting(file, own, detector), detector, seed, difficulty), own
        name = asked.persona if engine and engine.patient.id == header["persona"]["id"] else header["persona"]["id"]
        return Engine(common.patient(str(name), detector), detector, seed, difficulty), None

    ears = partial(choose, asked.model, os.environ, places.user_data() / "models")
    return Grader(engine, station, ears, of_journal, asked.wishes)


@lru_cache(maxsize=4)
def _sitting(persona: str | None, name: str | None, seed: int | None) -> tuple[Engine | None, Station | None]:
    """The patient, and the station if there is one: read once a process."""
    detector = Detector()
    if name:
        file = places.station(name)
        station = load_station(file)
        seed = station.seed if seed is None else seed
        return Engine(common.sitting(file, station, detector), detector, seed, station.difficulty), station
    if persona:
        return Engine(common.patient(persona, detector), detector, seed or 0), None
    return None, None


# ---- what is to be graded


def _found(paths: list[str], root: Path) -> list[Path]:
    """Every recording and session, in the order named, in folders by name; a folder without any stands for itself."""
    found: list[Path] = []
    for name in paths:
        path = Path(name)
        if path.is_dir() and not is_journal(path):
            found += list(_inside(path, root.resolve())) or [path]
        else:
            found.append(path)
    return found


def _inside(folder: Path, root: Path) -> Iterator[Path]:
    """Of a session its sound is no recording of its own; results of grading are not graded again."""
    for path in sorted(folder.iterdir()):
        if path.resolve() == root or path.is_symlink() or path.name.startswith("."):
            continue
        if path.is_dir():
            if is_journal(path):
                yield path
            else:
                yield from _inside(path, root)
        elif path.suffix.lower() in SOUNDS or (path.name == journal.NAME):
            yield path


def _folders(root: Path, found: list[Path]) -> list[Path]:
    """One folder each, named after the recording or the session; a number parts those of one name."""
    names: list[str] = []
    taken: set[str] = set()
    for path in found:
        named = path.parent if path.name == journal.NAME else path
        stem = (named.resolve().name if named.is_dir() else named.stem) or "recording"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        names.append(name)
    return [root / name for name in names]


def _check(found: list[Path], asked: Asked) -> None:
    if asked.persona and asked.station:
        raise UsageError("found --persona and --station; a station has its own patient: give one of them")
    if not (asked.persona or asked.station) and not all(map(is_journal, found)):
        raise UsageError("a recording needs its patient: give --station ID or --persona ID")


def _content(path: Path) -> str:
    """sha256 of what is graded, with what examiners and the learner wrote beside a session. Raises InputError."""
    if path.is_dir() and not is_journal(path):
        raise UsageError(f"{path}: holds no session and no recording ({' '.join(sorted(SOUNDS))})")
    if not is_journal(path):
        return ledger.digest(path)  # "" where it cannot be read: the recording port says why
    own = path / journal.NAME if path.is_dir() else path
    journal.read(own)
    return " ".join(ledger.digest(own.with_name(name)) for name in (own.name, *BESIDE))


def _settings(found: list[Path], asked: Asked) -> Json:
    """Everything beside the bytes of a recording that its marks depend on. Says which recogniser listens."""
    engine, station = _sitting(asked.persona, asked.station, asked.seed)
    pack = engine.detector if engine else Detector()
    settings: Json = {
        "version": __version__, "pack": pack.digest, "persona": engine.patient.digest if engine else "",
        "station": station.digest if station else "", "seed": engine.seed if engine else 0,
        "wishes": vars(asked.wishes),
    }  # fmt: skip
    if not all(map(is_journal, found)):
        with common.recogniser(asked.model) as ears:
            common.note(f"Listening: {ears.about}")
            settings["recogniser"] = [ears.name, ears.digest]
    return settings


def _seconds(path: Path) -> float:
    """For the progress bar; a broken file has none."""
    from simpatient.ports.recordings import probe

    try:
        return min(probe(path).seconds, LONGEST)
    except InputError:
        return 0.0


class _Report:
    """What is said and written of the results, in the order in which the recordings were named."""

    def __init__(self, root: Path, names: list[str], as_json: bool) -> None:
        self._root, self._names, self._json = root, names, as_json
        self._entries: dict[int, Entry | None] = {}
        self._next = 0
        self.failed = 0

    def error(self, n: int, error: SimpatientError) -> None:
        """One line, and the rest go on; where nothing can be written or heard at all nothing does."""
        if not isinstance(error, InputError | workers.Died):
            raise error
        named = str(error) if self._names[n] in str(error) else f"{self._names[n]}: {error}"
        common.note(f"simpatient: {' '.join(named.split())}")
        self.failed = InputError.exit_code
        self._add(n, None)

    def done(self, n: int, entry: Entry) -> None:
        self._add(n, entry)

    def _add(self, n: int, entry: Entry | None) -> None:
        self._entries[n] = entry
        while self._next in self._entries:
            if ready := self._entries[self._next]:
                self._show(self._next, ready)
            self._next += 1

    def _show(self, n: int, entry: Entry) -> None:
        record = self._record(n, entry)
        if self._json:
            print(canonical(record), flush=True)
        else:
            report = self._root / entry.folder / REPORT
            print(f"{self._names[n]}: {record['outcome']}\n  report: {report}", flush=True)

    def _record(self, n: int, entry: Entry) -> Json:
        folder = self._root / entry.folder
        grade = json.loads((folder / GRADE).read_text("utf-8"))
        del grade["format"]
        return {"file": self._names[n], "session": str(folder), "ended": entry.ended, **grade}

    def write(self) -> None:
        """Both tables: what has been graded, by this run and by those before it."""
        ready = [(n, entry) for n, entry in sorted(self._entries.items()) if entry]
        if not ready:
            return
        write_text(self._root / LINES, "".join(canonical(self._record(n, e)) + "\n" for n, e in ready))
        rows = [{"file": self._names[n], "session": e.folder, **e.row} for n, e in ready]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        table = io.StringIO()
        writer = csv.DictWriter(table, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self._root / TABLE, table.getvalue())
