"""`simpatient mark`: an examiner's global rating, and their marks beside the software's; both are kept."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

from simpatient import places
from simpatient.cli import common
from simpatient.detect.detector import Detector
from simpatient.detect.pack import Pack
from simpatient.errors import JournalError, UsageError
from simpatient.grading import human
from simpatient.grading.grade import grade
from simpatient.grading.marks import MOST
from simpatient.grading.mistakes import SEVERITY
from simpatient.grading.station import Station, load_station
from simpatient.grading.techniques import DERIVED_NAMES
from simpatient.model import Grade, ItemMark, Judgement, Transcript
from simpatient.persona.load import Patient
from simpatient.ports.clock import SystemClock
from simpatient.session import manifest
from simpatient.session.journal import NAME as JOURNAL
from simpatient.session.journal import read
from simpatient.session.outputs import CONVERSATION, GRADE, REPORT, write_outputs

Ask = Callable[[str], str | None]
"""A question; the answer, "" where it is passed over, None when no more answers come."""
LONGEST_ID, LONGEST_TEXT = 64, 2000
SCALE = ", ".join(f"{number} {word}" for number, word in human.RATINGS.items())
_LETTERS = {"m": "met", "p": "partly", "n": "not met"}


class Sheet:
    """A session being marked: what the software made of it, and what the examiner says."""

    def __init__(self, folder: Path, examiner: str) -> None:
        """Raises JournalError where there is no session."""
        self.folder = folder
        self.examiner = examiner
        journal = read(folder / JOURNAL)
        stored = _stored(folder)
        detector = Detector()
        self.pack: Pack = detector.pack
        self.station, self.patient = _sat(journal.header, stored, detector)
        self.open_loop = bool(stored.get("open_loop", False))
        self.transcript: Transcript = journal.transcript()
        self.grade: Grade = grade(self.transcript, self.patient, self.pack, self.station, self.open_loop)
        self._clock = SystemClock()

    def judgement(self, option: str, what: human.What, target: str, new: str, why: str = "") -> Judgement:
        """A judgement of this examiner. Raises UsageError at an unknown target, and where a reason is missing."""
        old = human.software(self.grade, self.transcript, what, target)
        if old is None:
            raise UsageError(f"{option}: found {target!r}; allowed: {self._targets(what)}")
        if old not in ("", "not scored", new) and not why and what != "global":
            raise UsageError(f"{option} {target}: the software says {old}; say with --why why you mark it {new}")
        return Judgement(self.examiner, self._clock.utc(), what, target, old, new, why)

    def _targets(self, what: str) -> str:
        if what == "detection":
            return f"a turn from 1 to {len(self.transcript.turns)}, a colon and a code"
        sheet = self.grade.sheet
        if sheet is None:
            return "none, for this session had no station"
        return ", ".join(part.id for part in (sheet.items if what == "item" else sheet.domains))

    def keep(self, judgements: list[Judgement]) -> None:
        """On the disk, beside the journal. Raises OutputError."""
        human.append(self.folder, judgements)

    def write(self) -> Grade:
        """The grade and the report anew, with what examiners said."""
        other = self._origin()
        sound = _sound(self.folder)
        return write_outputs(self.folder, self.patient, self.pack, self.station, self.open_loop, other, sound)

    def _origin(self) -> tuple[Transcript, Grade] | None:
        """The session that this one retries, where it lies beside it."""
        source = self.transcript.header.get("origin")
        if not isinstance(source, dict):
            return None
        for beside in sorted(self.folder.resolve().parent.iterdir()):
            about = manifest.load(beside)
            if source.get("session") in (about.id if about else beside.name, beside.name):
                told = read(beside).transcript()
                return told, grade(told, self.patient, self.pack, self.station, self.open_loop)
        return None


def run_mark(
    session: Path, examiner: str, *, rating: int | None, items: list[str], domains: list[str], detections: list[str],
    why: str, comment: str,
) -> None:  # fmt: skip
    """By options, or without any step by step at a terminal."""
    if not examiner.strip() or not examiner.isprintable() or len(examiner) > LONGEST_ID:
        raise UsageError(f"--examiner: found {examiner!r}; allowed: a name of at most {LONGEST_ID} letters")
    if max(len(why), len(comment)) > LONGEST_TEXT:
        raise UsageError(f"--why, --comment: found more than {LONGEST_TEXT} characters")
    sheet = Sheet(session, examiner.strip())
    if rating is not None or items or domains or detections or comment:
        sheet.keep(_said(sheet, rating, items, domains, detections, why.strip(), comment.strip()))
    elif why:
        raise UsageError("--why: found nothing that it is the reason of; see --item, --domain, --detection")
    elif not common.at_terminal():
        raise UsageError("found nothing to mark; give --global, --item, --domain, --detection or --comment")
    else:
        ask_all(sheet, _typed, print)
    _show(sheet.write(), sheet)


def _said(
    sheet: Sheet, rating: int | None, items: list[str], domains: list[str], detections: list[str], why: str,
    comment: str,
) -> list[Judgement]:  # fmt: skip
    """What the options say; nothing is kept unless all of it can be."""
    found = [] if rating is None else [sheet.judgement("--global", "global", "", str(rating), why)]
    for text in items:
        target, new = _pair("--item", text)
        if new not in human.SHARE:
            raise UsageError(f"--item {target}: found {new!r}; allowed: {', '.join(human.SHARE)}")
        found.append(sheet.judgement("--item", "item", target, new, why))
    for text in domains:
        target, new = _pair("--domain", text)
        if not human.is_domain_mark(new):
            raise UsageError(f"--domain {target}: found {new!r}; allowed: a number from 0 to {MOST}")
        found.append(sheet.judgement("--domain", "domain", target, f"{float(new):g}", why))
    for text in detections:
        target, new = _pair("--detection", text)
        _, _, code = target.partition(":")
        if new not in ("yes", "no"):
            raise UsageError(f"--detection {target}: found {new!r}; allowed: yes, no")
        if code not in (*sheet.pack.codes(), *SEVERITY, *DERIVED_NAMES):
            raise UsageError(f"--detection {target}: found the code {code!r}; see: simpatient techniques")
        found.append(sheet.judgement("--detection", "detection", target, new, why))
    return found + ([sheet.judgement("--comment", "comment", "", comment)] if comment else [])


def _pair(option: str, text: str) -> tuple[str, str]:
    target, equals, new = text.partition("=")
    if not equals:
        raise UsageError(f"{option}: found {text!r}; allowed: {option} WHAT=MARK")
    return target.strip(), " ".join(new.split()).lower()


def ask_all(sheet: Sheet, ask: Ask, tell: Callable[[str], object]) -> None:
    """Step by step. The software's mark is told only after the examiner's, so that agreement means something."""
    rating = _choice(ask, f"Global rating of the whole: {SCALE}", {str(n): str(n) for n in human.RATINGS})
    if rating:
        sheet.keep([sheet.judgement("", "global", "", rating)])
    domain = ""
    titles = {d.id: d.title for d in sheet.grade.sheet.domains} if sheet.grade.sheet else {}
    for item in sheet.grade.sheet.items if rating is not None and sheet.grade.sheet else ():
        if item.domain != domain:
            domain = item.domain
            tell(f"\n{titles[domain]}")
        if not _asked(sheet, item, ask, tell):
            return
    if rating is not None and (comment := (ask("\nA comment for the learner (Enter: none)") or "").strip()):
        sheet.keep([sheet.judgement("", "comment", "", comment[:LONGEST_TEXT])])


def _asked(sheet: Sheet, item: ItemMark, ask: Ask, tell: Callable[[str], object]) -> bool:
    """Whether answers still come."""
    question = f"{item.text} ({item.not_scored})" if item.outcome == "not scored" else item.text
    new = _choice(ask, f"{question}: [m]et, [p]artly, [n]ot met", _LETTERS | {word: word for word in human.SHARE})
    if not new:
        return new is not None
    why = ""
    if item.outcome not in ("not scored", new):
        tell(f"  The software says: {item.outcome}.")
        while not why:
            if (answer := ask(f"  Why {new}")) is None:
                return False
            why = answer.strip()[:LONGEST_TEXT]
    sheet.keep([sheet.judgement("", "item", item.id, new, why)])
    return True


def _choice(ask: Ask, question: str, allowed: dict[str, str]) -> str | None:
    """Asked again until it is one of the answers; "" where it is passed over."""
    while (answer := ask(f"{question} (Enter: pass over)")) is not None:
        word = " ".join(answer.split()).lower()
        if not word or word in allowed:
            return allowed.get(word, "")
    return None


def _typed(question: str) -> str | None:
    try:
        return input(f"{question}: ")
    except EOFError:
        return None


def _show(grade: Grade, sheet: Sheet) -> None:
    """What stands now, the software's beside the examiner's."""
    own = next((h for h in grade.human if h.examiner == sheet.examiner), None)
    if own is None:
        print("Nothing was marked.")
        return
    if own.rating is not None:
        print(f"Global rating: {own.rating} ({human.RATINGS[own.rating]})")
    for j in own.judgements:
        if j.what in ("item", "domain", "detection"):
            print(f"{j.target}: {j.new} (software: {j.old})")
    if own.sheet and grade.sheet:
        marks = (_percent(own.sheet.checklist), _percent(grade.sheet.checklist))
        print(f"Checklist: {marks[0]} with your marks; software: {marks[1]}")
    print(f"Report: {sheet.folder / REPORT}")


def _percent(value: float | None) -> str:
    return "not scored" if value is None else f"{value:g} %"


def _stored(folder: Path) -> dict[str, object]:
    """The grade as it was written, for its station; empty where there is none that can be read."""
    try:
        found = json.loads((folder / GRADE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sound(folder: Path) -> str | None:
    """Where the old page plays a recording from that lies elsewhere; None for the conversation beside it."""
    if (folder / CONVERSATION).exists():
        return None
    try:
        page = (folder / REPORT).read_text("utf-8")
    except (OSError, ValueError):
        return None
    found = re.search(r'<audio [^>]*src="([^"]*)"', page)
    return html.unescape(found[1]) if found else None


def _sat(header: dict[str, object], stored: dict[str, object], detector: Detector) -> tuple[Station | None, Patient]:
    """The station of the session, or of its grade, and who sat there. Raises UsageError, JournalError, DataError."""
    about = stored.get("about")
    then = header.get("station") or (about.get("station") if isinstance(about, dict) else None)
    persona = header.get("persona")
    name = str(persona.get("id")) if isinstance(persona, dict) else ""
    if not isinstance(then, dict):
        return None, common.patient(name, detector)
    file = places.station(str(then.get("id")))
    station = load_station(file)
    if station.digest != then.get("digest"):
        raise JournalError(f"the station {station.id} has changed since this session was marked; grade it again first")
    return station, common.sitting(file, station, detector)
