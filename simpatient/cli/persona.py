"""`simpatient persona`: tools for the authors of patients."""

import sys
from pathlib import Path

from simpatient import places
from simpatient.cli import common, screen
from simpatient.detect.detector import Detector
from simpatient.detect.pack import Pack, load_pack
from simpatient.errors import DataError, OutputError, UsageError
from simpatient.grading.lessons import feedback
from simpatient.model import Utterance
from simpatient.patient.check import UNSAFE, blank, lines, problems
from simpatient.patient.engine import Engine
from simpatient.persona import machine
from simpatient.persona.load import FILES, Patient, load_patient
from simpatient.session.outputs import write_text
from simpatient.yamlfile import line_of, load

TEMPLATE = Path(machine.__file__).parent / "template"


def run_list() -> None:
    """The shipped patients, a row each."""
    from rich.table import Table

    table = Table("id", "name", "age", "reluctance", "setting")
    for name in places.shipped():
        person = _loaded(places.persona(name)).persona
        table.add_row(name, person.name, str(person.age), f"{person.start.reluctance:.2f}", person.setting)
    screen.console().print(table)


def run_show(name: str) -> None:
    """Who the patient is, for teachers: it gives the goals away."""
    patient = _loaded(places.persona(name))
    person, view = patient.persona, screen.console()
    screen.say(
        view, f"{person.name}, {person.age}, {person.pronouns} ({patient.id}, version {person.version})", bold=True
    )
    parts = [
        ("Setting", [person.setting]), ("Life", [person.life]), ("Manner", [person.manner]),
        ("Goals", [f"{g.text} ({g.class_})" for g in person.goals]),
        ("Unhealthy goals", [g.text for g in person.unhealthy_goals]),
        ("Steps", [f"{t.text} (for {t.goal}; {t.kind}; {t.acceptability:g})" for t in person.tasks]),
        ("Wins", list(person.wins)), ("Hurts", list(person.triggers)),
    ]  # fmt: skip
    for label, texts in parts:
        if texts:
            screen.say(view, f"\n{label}", bold=True)
            for text in texts:
                screen.say(view, f"  {text}")
    said = sum(1 for _ in lines(patient))
    screen.say(view, f"\n{len(patient.topics)} topics, {len(patient.techniques)} techniques, {said} lines")


def run_check(names: list[str]) -> None:
    """Findings one a line, across all patients named; exit code 1 if there are any."""
    pack = load_pack()
    found: list[str] = []
    seen: dict[str, tuple[str, str]] = {}
    for name in names or places.shipped():
        folder = places.persona(name)
        try:
            patient = load_patient(folder, pack.codes(), pack.topics)
        except DataError as error:
            found.append(str(error))
            continue
        found += problems(folder, patient, pack)
        found += _feedback(folder, patient, pack)
        found += _shared(folder, patient, seen)
    for line in found:
        print(line)
    common.note(f"{len(found)} findings" if found else "nothing found")
    if found:
        sys.exit(1)


def _feedback(folder: Path, patient: Patient, pack: Pack) -> list[str]:
    """What is wrong with the patient's feedback.yaml; a patient without one has nothing wrong."""
    file = folder / feedback.FILE
    try:
        own = feedback.of(patient, pack.codes())
    except DataError as error:
        return [str(error)]
    detail = [(text, found.group()) for text in feedback.texts(own) if (found := UNSAFE.search(text))]
    return [f"{file}:{line_of(file, text)}: found {what!r}, a detail of a method; allowed: a category"
            for text, what in detail]  # fmt: skip


def _shared(folder: Path, patient: Patient, seen: dict[str, tuple[str, str]]) -> list[str]:
    """Lines that stand in another patient's files too."""
    found = []
    for file, text in lines(patient):
        key = blank(text, patient)
        other = seen.setdefault(key, (patient.id, text)) if key else (patient.id, "")
        if other[0] != patient.id:
            where = folder / file
            found.append(f"{where}:{line_of(where, text)}: found {text!r}, which {other[0]} says too; allowed: once")
    return found


def run_draw(name: str, svg: Path | None) -> None:
    """The machine of the stages with its guards: Mermaid on standard output, or a picture."""
    person = _loaded(places.persona(name)).persona
    if svg is None:
        print(machine.mermaid(person.can_leave, person.walkout), end="")
        return
    write_text(svg, _picture(person.name, person.can_leave, person.walkout))
    common.note(f"Picture: {svg}")


def _picture(name: str, can_leave: bool, walkout: float) -> str:
    from jinja2 import Template

    source = (Path(__file__).parent / "stages.svg.j2").read_text("utf-8")
    leaves = "walks out" if can_leave else "refuses to talk"
    drawn: str = Template(source, autoescape=True).render(
        name=name, stages=machine.STAGES, guards=machine.GUARDS, end=f"{leaves} at reluctance ≥ {walkout:g}"
    )
    return drawn + "\n"


def run_preview(name: str, seed: int) -> None:
    """One learner who does well and one who does badly, as far as the same words can fit every patient."""
    detector = Detector()
    patient = load_patient(places.persona(name), detector.pack.codes(), detector.pack.topics)
    view = screen.console()
    script = load(Path(__file__).parent / "preview.yaml", dict[str, tuple[str, ...]])
    good = "obvious" if patient.persona.obvious_goal else "good"
    for take in (good, "bad"):
        engine = Engine(patient, detector, seed)
        reply, now = engine.open()
        screen.say(view, f"\nThe {take} path", bold=True)
        screen.show_reply(view, patient.persona.name, reply)
        for text in script[take]:
            turn, now = engine.hear(now, Utterance(text))
            screen.show_turn(view, patient.persona.name, turn)
            if turn.ended:
                break


def run_new(name: str, folder: Path | None) -> None:
    """A commented patient to start from."""
    if not name.replace("-", "").replace("_", "").isalnum() or name != name.lower():
        raise UsageError(f"found the id {name!r}; allowed: small letters, digits, - and _")
    target = (folder or Path.cwd()) / name
    if target.exists():
        raise OutputError(f"{target}: cannot write: it is there already")
    try:
        target.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{target}: cannot write: {error.strerror}") from None
    for file in (*FILES, feedback.FILE):
        text = (TEMPLATE / file).read_text("utf-8")
        write_text(target / file, text.replace("id: ID ", f"id: {name} ", 1))
    print(f"{target}: change it, then: simpatient persona check {target} && simpatient talk {target} --typed")


def _loaded(folder: Path) -> Patient:
    pack = load_pack()
    return load_patient(folder, pack.codes(), pack.topics)
