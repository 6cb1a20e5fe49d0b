"""`simpatient circuit`: the timetable, the rotation, and a candidate's stations one after the other."""

import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from simpatient import places
from simpatient.cli import common, screen
from simpatient.cli.desk import REHEARSAL, Desk, Wishes
from simpatient.cli.drill import begun, hold, taken_up
from simpatient.cli.station import clock as minutes
from simpatient.errors import DataError, UsageError
from simpatient.grading.station import load_station
from simpatient.session import assessment
from simpatient.session.circuit import Candidate, Circuit, Plan, Slot, plan
from simpatient.session.journal import NAME, read
from simpatient.yamlfile import load


def run_circuit(
    file: Path, wishes: Wishes, *, candidate: str | None, only_plan: bool, rehearse: bool, out: Path | None,
    resume: Path | None,
) -> None:  # fmt: skip
    """Prints the plan; unless only that is wanted, holds one candidate's stations."""
    found = planned(file)
    view = screen.console()
    show_plan(view, found)
    if only_plan:
        return
    who = _candidate(found.circuit, candidate)
    wishes = replace(wishes, extra_reading=who.extra_reading, extra_task=who.extra_task, learner=who.id, stays=True)
    with ExitStack() as stack:
        if rehearse:
            wishes = replace(wishes, scale=REHEARSAL, nobody=True, learner="")
            out = out or Path(stack.enter_context(TemporaryDirectory(prefix="simpatient-rehearsal-")))
        desk = Desk(wishes)
        stack.callback(desk.close)
        root = resume or common.session_folder(out, file.stem)
        screen.say(view, f"\n{who.id} goes round" + (f", {REHEARSAL:g} times as fast." if rehearse else f"; {root}"))
        if common.at_terminal() and not rehearse:
            screen.say(view, "Press Enter to begin; from then on the bells go on by themselves.")
            desk.keyboard.line(lambda: False)
        desk.ask_consent()
        desk.wishes = replace(wishes, asks=False)
        _go_round(desk, file, found, who, root / who.id)


def planned(file: Path) -> Plan:
    """The plan of a circuit's file. Raises DataError."""
    circuit = load(file, Circuit)
    try:
        return plan(circuit, {name: load_station(_station(file, name)).timing() for name in circuit.stations})
    except (UsageError, ValueError) as error:
        raise DataError(f"{file}:1: {error}") from None


def _station(file: Path, name: str) -> Path:
    """A station by its id, or by its file beside the circuit's."""
    beside = file.parent / name
    return beside if name.endswith(".yaml") and beside.is_file() else places.station(name)


def _candidate(circuit: Circuit, name: str | None) -> Candidate:
    names = [candidate.id for candidate in circuit.candidates]
    if name is not None and name not in names:
        raise UsageError(f"--candidate: found {name!r}; allowed: {', '.join(names)}")
    return circuit.candidates[names.index(name) if name else 0]


def show_plan(view: Console, found: Plan) -> None:
    """When which slot begins, and who is where."""
    circuit = found.circuit
    slot, change = minutes(found.slot_ms / 1000), minutes(found.changeover_ms / 1000)
    screen.say(view, circuit.title, bold=True)
    screen.say(view, f"Each slot {slot}, then {change} to change over.\n")
    for n, name in enumerate(found.stops, 1):
        screen.say(view, f"  {n:>2}  {name or 'rest'}")
    times = Table("group", "slot", "begins", "ends", title="Timetable", title_justify="left")
    for group in range(found.groups):
        for slot_no in range(len(found.stops)):
            begins = found.begins_ms(group, slot_no)
            times.add_row(str(group + 1), str(slot_no + 1), found.time(begins), found.time(begins + found.slot_ms))
    grid = Table("candidate", *(f"slot {n + 1}" for n in range(len(found.stops))), title="Rotation (places)",
                 title_justify="left")  # fmt: skip
    for who in circuit.candidates:
        grid.add_row(who.id, *(f"{s.stop + 1}" if s.name else f"{s.stop + 1} rest" for s in found.route(who.id)))
    view.print(times, grid)


def _go_round(desk: Desk, file: Path, found: Plan, who: Candidate, root: Path) -> None:
    """Station after station; those that a crash left finished are passed by, the broken one goes on."""
    route = found.route(who.id)
    for n, slot in enumerate(route):
        if slot.name is None:
            screen.say(desk.view, f"\nSlot {n + 1}: rest, {minutes(found.slot_ms / 1000)}.", bold=True)
            _wait(desk, found.slot_ms)
        elif not _hold(desk, file, found, n, slot, root):
            return
        if n + 1 < len(route) and found.changeover_ms:
            then = f"place {route[n + 1].stop + 1}" + ("" if route[n + 1].name else ", a rest")
            screen.say(desk.view, f"\nChangeover, {minutes(found.changeover_ms / 1000)}. Next: {then}.", bold=True)
            _wait(desk, found.changeover_ms)
    screen.say(
        desk.view, "\nThe circuit is over." + ("" if desk.wishes.nobody else f" All sessions: {root}"), bold=True
    )


def _hold(desk: Desk, file: Path, found: Plan, n: int, slot: Slot, root: Path) -> bool:
    """One station to the end of its slot. False where the learner stopped."""
    path = _station(file, slot.name or "")
    folder = root / f"{n + 1:02}-{path.stem}"
    screen.say(desk.view, f"\nSlot {n + 1}: place {slot.stop + 1}", bold=True)
    broken = (folder / NAME).exists() and b"\n" in (folder / NAME).read_bytes()
    if broken and read(folder).transcript().ended == "aborted":
        screen.say(desk.view, "The learner stopped here; the circuit does not go on.")
        return False
    if broken and assessment.load(folder) is not None:
        screen.say(desk.view, "Done before.")
        return True
    clock = hold(desk, taken_up(folder, str(path)) if broken else begun(str(path), desk.wishes, folder))
    if read(folder).transcript().ended == "aborted":
        return False
    _wait(desk, found.slot_ms - clock.at_ms)
    return True


def _wait(desk: Desk, ms: int) -> None:
    """So much of the circuit's time."""
    if ms > 0:
        threading.Event().wait(desk.time.seconds(ms))
