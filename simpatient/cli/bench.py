"""`simpatient bench annomi`: the shipped detector on a public corpus that the user brings."""

from pathlib import Path

from simpatient.cli import common, screen
from simpatient.detect import annomi
from simpatient.detect.annomi import Figure
from simpatient.detect.detector import Detector
from simpatient.errors import DataError
from simpatient.session.outputs import write_text
from simpatient.session.records import canonical

CHART = "annomi.svg"
TEXTS = (("with punctuation", str), ("as a recogniser gives it", annomi.like_a_recogniser))


def run_annomi(file: Path, out: Path | None, as_json: bool) -> None:
    """Prints the figures with their intervals and writes one bar chart."""
    utterances = annomi.read(file)
    if not utterances:
        raise DataError(f"{file}:1: holds no utterance of a therapist with a main behaviour")
    detector = Detector()
    scored = {}
    for name, heard in TEXTS:
        common.note(f"{len(utterances)} utterances, {name} …")
        scored[name] = annomi.score(utterances, detector, heard)
    chart = (out or Path.cwd()) / CHART
    write_text(chart, _chart(scored))
    if as_json:
        for name, figures in scored.items():
            print(canonical({"text": name, "figures": [vars_of(f) for f in figures]}), flush=True)
    else:
        _show(scored)
    common.note(f"Chart: {chart}")


def vars_of(figure: Figure) -> dict[str, object]:
    return {"name": figure.name.strip(), "value": figure.value, "low": figure.low, "high": figure.high}


def _show(scored: dict[str, list[Figure]]) -> None:
    from rich.table import Table

    table = Table("figure", *scored, title="AnnoMI, nothing learned from it; 95 % interval over source videos")
    for row in zip(*scored.values(), strict=True):
        table.add_row(row[0].name, *(f"{f.value:.3f}  ({f.low:.3f} to {f.high:.3f})" for f in row))
    for name, value in annomi.PUBLISHED:
        table.add_row(f"published: {name}", f"{value:.3f}", "")
    screen.console().print(table)


def _chart(scored: dict[str, list[Figure]]) -> str:
    from jinja2 import Template

    ours = [
        {"name": f"simpatient, {name}", "value": f[0].value, "low": f[0].low, "high": f[0].high, "ours": True}
        for name, f in scored.items()
    ]
    theirs = [{"name": name, "value": value, "ours": False} for name, value in annomi.PUBLISHED]
    source = (Path(annomi.__file__).parent / "annomi.svg.j2").read_text("utf-8")
    chart: str = Template(source, autoescape=True).render(bars=[*ours, *theirs]) + "\n"
    return chart
