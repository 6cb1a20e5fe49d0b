"""`simpatient techniques`: what the detector listens for, as a table, a page, or a check of the data."""

import sys
from pathlib import Path

from simpatient.cli import common, screen
from simpatient.detect.check import problems
from simpatient.detect.detector import Detector
from simpatient.detect.pack import PACKS, Pack, Technique, load_pack
from simpatient.errors import UsageError

SHIPPED = PACKS / "en"
_EFFECT = {"hurt": "hurts", "ask": "asks", "offer": "offers", "say": "says"}


def run_list(as_markdown: bool) -> None:
    """Every code with its name, family and standing in MITI."""
    pack = load_pack()
    if as_markdown:
        print(markdown(pack), end="")
        return
    from rich.table import Table

    table = Table("code", "name", "family", "form", "MITI", "definition")
    for rule in pack.rules:
        t = rule.technique
        star = " ★" if t.star else ""
        table.add_row(t.code + star, t.name, rule.family, t.form, t.miti or "none", t.definition)
    screen.console().print(table)


def run_show(code: str) -> None:
    """One code in full."""
    pack = load_pack()
    technique = pack.technique(code.upper())
    if technique is None:
        raise UsageError(f"no technique {code!r}; allowed: {', '.join(pack.codes())}")
    view = screen.console()
    screen.say(view, f"{technique.code}: {technique.name}", bold=True)
    for label, text in _facts(technique):
        screen.say(view, f"{label:<11}{text}")
    for label, lines in (("Says", technique.says), ("Not", technique.near)):
        screen.say(view, f"\n{label}", bold=True)
        for line in lines:
            screen.say(view, f"  {line}")


def run_check(folder: Path | None) -> None:
    """Findings one a line; exit code 1 if there are any."""
    where = folder or SHIPPED
    if not where.is_dir():
        raise UsageError(f"{where}: no folder of technique files")
    found = problems(where, Detector(load_pack(where)))
    for line in found:
        print(line)
    common.note(f"{len(found)} findings" if found else "nothing found")
    if found:
        sys.exit(1)


def markdown(pack: Pack) -> str:
    """The reference page of docs/."""
    out = [
        "# Techniques\n\nMade by `simpatient techniques --markdown` from `simpatient/detect/packs/en/`; change the",
        "data, then make it anew. ★: needed by the scripts of the source article.\n",
    ]
    for family in dict.fromkeys(rule.family for rule in pack.rules):
        out.append(f"\n## Family {family}\n")
        for technique in (r.technique for r in pack.rules if r.family == family):
            out.append(f"### {technique.code}{' ★' if technique.star else ''} – {technique.name}\n")
            out += [f"- **{label}** {text}" for label, text in _facts(technique)]
            out.append("\nSays: " + " · ".join(f"“{s}”" for s in technique.says[:4]))
            out.append("\nNot: " + " · ".join(f"“{s}”" for s in technique.near[:4]) + "\n")
    return "\n".join(out) + "\n"


def _facts(t: Technique) -> list[tuple[str, str]]:
    facts = [
        ("Is", t.definition), ("Right", t.right), ("Wrong", t.wrong), ("Instead", t.instead), ("Source", t.source),
        ("MITI", t.miti or "none"), ("MISC", t.misc or "none"), ("Form", f"{t.form}; {_EFFECT[t.pull]}"),
    ]  # fmt: skip
    return [(label, text) for label, text in facts if text]
