"""The feedback of a station: first what the learner thinks of it, then the marks, and where the report is."""

from collections.abc import Callable

from rich.console import Console

from simpatient.cli import screen
from simpatient.grading.marks import MOST
from simpatient.grading.station import Station
from simpatient.model import Grade, ItemMark, SheetMarks
from simpatient.session.assessment import SelfAssessment

Ask = Callable[[str], str | None]
"""A question on the screen; the answer, "" where it is passed over, None when no more answers come."""
FOR_THE_EXAMINER = "for the examiner: "


def ask_self(station: Station, name: str, ask: Ask, harmless: Callable[[str], bool]) -> SelfAssessment:
    """The learner's own view; `harmless` says of a text whether it may be kept."""
    likely = _number(ask, f"How likely is it that {name} would come back? 0 to 100", 100)
    domains = {
        domain.id: _number(ask, f"{domain.title}: how well did it go? 0 to {MOST}", MOST) for domain in station.domains
    }
    otherwise = (ask("One thing you would do differently") or "").strip()
    come_back = None if likely is None else round(likely)
    return SelfAssessment(come_back, domains, otherwise if otherwise and harmless(otherwise) else "")


def _number(ask: Ask, question: str, most: float) -> float | None:
    """Asked again until it is a number in range, or passed over."""
    while (answer := ask(f"{question} (Enter: pass over)")) is not None and answer.strip():
        try:
            value = float(answer.strip().removesuffix("%").replace(",", "."))
        except ValueError:
            continue
        if 0 <= value <= most:
            return value
    return None


def show_marks(view: Console, grade: Grade, own: SelfAssessment | None) -> None:
    """The outcome, the flags, the mark sheet beside the learner's own marks. Nobody passes or fails here."""
    yours = f"   (you: {own.come_back} in 100)" if own and own.come_back is not None else ""
    screen.say(view, f"\n{grade.outcome}{yours}", bold=True)
    for concern in grade.concerns:
        screen.say(view, f"! {concern}")
    if grade.sheet:
        _show_sheet(view, grade.sheet, own)


def _show_sheet(view: Console, sheet: SheetMarks, own: SelfAssessment | None) -> None:
    for domain in sheet.domains:
        mark = domain.not_scored if domain.mark is None else f"{domain.mark:g} of {MOST}"
        mine = own.domains.get(domain.id) if own else None
        yours = f"   (you: {mine:g})" if mine is not None else ""
        screen.say(view, f"\n{domain.title}: {mark}{yours}", bold=True)
        if domain.anchor:
            screen.say(view, f"  {domain.anchor}")
        for item in sheet.items:
            if item.domain == domain.id:
                screen.say(view, f"  {_outcome(item):<10} {item.text}")
    if sheet.checklist is not None:
        screen.say(view, f"\nChecklist: {sheet.checklist:g} % of what could be scored; the global rating is a human's.")


def _outcome(item: ItemMark) -> str:
    if item.outcome != "not scored":
        return item.outcome
    return "examiner" if item.not_scored.startswith(FOR_THE_EXAMINER) else "–"
