"""`simpatient station`: what a station asks for, and tools for those who write one."""

import sys
from pathlib import Path

from simpatient import places
from simpatient.cli import common, screen
from simpatient.detect.pack import Pack, load_pack
from simpatient.errors import DataError, OutputError, UsageError
from simpatient.grading import station as stations
from simpatient.grading.station import Condition, Item, Station, Timing, load_station
from simpatient.grading.station_check import problems
from simpatient.persona.load import Patient, load_patient
from simpatient.session.outputs import write_text

TEMPLATE = Path(stations.__file__).parent / "template" / "station.yaml"


def run_list() -> None:
    """The shipped stations, a row each."""
    from rich.table import Table

    table = Table("station", "patient", "times", "title")
    for file in places.stations().values():
        one = load_station(file)
        table.add_row(one.id, one.persona, times(one.timing()), one.title)
    screen.console().print(table)


def run_show(name: str, sheet_only: bool) -> None:
    """The candidate's sheet, and for teachers what is assessed."""
    one = load_station(places.station(name))
    view = screen.console()
    screen.say(view, one.title, bold=True)
    show_sheet(one)
    if sheet_only:
        return
    screen.say(view, f"\nFor the examiner: {one.id}, version {one.version}", bold=True)
    screen.say(view, one.construct)
    if one.guidance:
        screen.say(view, one.guidance)
    for domain in one.domains:
        screen.say(view, f"\n{domain.title}, {domain.weight:g} of 100", bold=True)
        screen.say(view, f"  Borderline: {domain.anchors.borderline}")
        for item in domain.items:
            must = " [safety item]" if item.must else ""
            screen.say(view, f"  {item.points:g}  {item.text}{must} – {_how(item)}")


def show_sheet(one: Station) -> None:
    """What the candidate reads, with the times and a word of warning."""
    view, sheet = screen.console(), one.sheet
    screen.say(view, f"{times(one.timing())}\n\n{sheet.setting}\n\n{sheet.role}\n\nYour task:")
    for line in sheet.task:
        screen.say(view, f"  • {line}")
    screen.say(view, "Not required:")
    for line in sheet.not_required:
        screen.say(view, f"  • {line}")
    if one.themes:
        screen.say(
            view, f"\nSimulated patient. Themes that may distress: {', '.join(one.themes)}. You may stop at any time."
        )


def times(timing: Timing) -> str:
    """The times in words: "1:30 to read, 7:00 for the task"."""
    if timing.task_s is None:
        return "no time limit"
    read = f"{clock(timing.read_s)} to read, " if timing.read_s else ""
    return f"{read}{clock(timing.task_s)} for the task"


def clock(seconds: float) -> str:
    """Minutes and seconds, as 7:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _how(item: Item) -> str:
    """How an item is marked, in one phrase."""
    if item.human or item.when is None:
        return f"examiner: {item.human}"
    part = f"; half: {_condition(item.part)}" if item.part else ""
    return f"{_condition(item.when)}{part}"


def _condition(c: Condition) -> str:
    said = [
        ("any of", c.heard), ("all of", c.every), ("before", c.before), ("after", c.after), ("none of", c.never),
        ("asks about", c.asked), ("told of", c.told), ("patient", c.replies), ("stage", c.stage),
    ]  # fmt: skip
    found = [f"{label} {', '.join(values)}" for label, values in said if values]
    if c.times > 1:
        found.append(f"in {c.times} turns")
    found += [f"{name} ≥ {value:g}" for name, value in c.at_least.items()]
    found += [f"{name} ≤ {value:g}" for name, value in c.at_most.items()]
    found += ["certain words"] if c.says else []
    found += [f"{n} {what}" for n, what in ((c.goals, "goals voiced"), (c.tasks, "steps agreed")) if n]
    if c.any:
        found.append(" or ".join(f"({_condition(one)})" for one in c.any))
    if c.last:
        found.append(f"in the last {c.last} turns")
    return "; ".join(found)


def run_check(names: list[str]) -> None:
    """Findings one a line; exit code 1 if there are any."""
    pack = load_pack()
    found: list[str] = []
    for name in names or list(places.stations()):
        file = places.station(name)
        try:
            one = load_station(file)
            found += problems(file, one, _patient(file, one, pack), pack)
        except DataError as error:
            found.append(str(error))
    for line in found:
        print(line)
    common.note(f"{len(found)} findings" if found else "nothing found")
    if found:
        sys.exit(1)


def _patient(file: Path, one: Station, pack: Pack) -> Patient:
    """The station's patient: shipped, or the folder in which `stations/` lies."""
    beside = file.resolve().parent.parent
    own = beside.name == one.persona and (beside / "persona.yaml").is_file()
    try:
        folder = beside if own else places.persona(one.persona)
    except UsageError as error:
        raise DataError(f"{file}:1: persona: {error}") from None
    return load_patient(folder, pack.codes(), pack.topics)


def run_new(name: str, persona: str, folder: Path | None) -> None:
    """A commented station to start from."""
    if not name.replace("-", "").isalnum() or name != name.lower():
        raise UsageError(f"found the id {name!r}; allowed: small letters, digits and hyphens")
    pack = load_pack()
    person = load_patient(places.persona(persona), pack.codes(), pack.topics).persona
    target = (folder or Path.cwd()) / f"{name}.yaml"
    if target.exists():
        raise OutputError(f"{target}: cannot write: it is there already")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target}: cannot write: {error.strerror}") from None
    text = TEMPLATE.read_text("utf-8").replace("id: ID\n", f"id: {name}\n").replace("PERSONA", person.id)
    text = text.replace("SETTING", person.setting.strip()).replace("NAME", person.name).replace("AGE", str(person.age))
    write_text(target, text)
    print(f"{target}: change it, then: simpatient station check {target} && simpatient station show {target}")
