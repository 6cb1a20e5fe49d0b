"""`simpatient models`: the speech models of this machine."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from simpatient import places
from simpatient.cli import common, screen
from simpatient.ports import hearing, models
from simpatient.ports.models import Progress as Told

OWN = (
    (
        "pocketsphinx",
        "built in",
        "about 1 word in 10 wrong on clear speech",
    ),
    ("clinic", "built in", "hears the demo and the tests only"),
)
SELF = """
import resource, sys
from simpatient.ports.hearing import choose
ears = choose(sys.argv[1], {}, None)
list(ears.listen([bytes(32000)] * 4))
ears.close()
print(sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def folder() -> Path:
    """Where installed models lie."""
    return places.user_data() / "models"


def run_list(measure: bool) -> None:
    """A row a model: what is installed, what it costs, what it reaches; the one that listens by default is marked."""
    offered = {model.name: model for model in models.catalogue().models}
    installed = hearing.models(folder())
    table = Table(
        Column("model", no_wrap=True), "size", "memory", "word errors", title="Speech models", title_justify="left"
    )
    chosen = installed[0].name if installed else hearing.SPHINX
    for path in installed:
        known = offered.get(path.name)
        memory = _measured(str(path)) if measure else known.memory if known else "simpatient models --measure"
        table.add_row(_mark(path.name, chosen), _mb(models.size(path)), memory,
                      known.word_errors if known else "no published figure known here")  # fmt: skip
    for own, size, errors in OWN:
        table.add_row(_mark(own, chosen), size, _measured(own) if measure else "", errors)
    for model in offered.values():
        if model.name not in {path.name for path in installed}:
            table.add_row(model.name, f"{model.megabytes} MB, not installed", model.memory, model.word_errors)
    screen.console().print(table)
    print(f"→ listens unless --model or {hearing.VARIABLE} says otherwise. Installed models lie in {folder()}.")


def run_add(source: Path, sha256: str, replace: bool) -> None:
    """Installs a folder or a .zip."""
    with _bar("unpacking") as progress:
        place = models.add(source, folder(), sha256=sha256, replace=replace, verify=_loads, progress=progress)
    print(f"{place.name} is installed in {place}")


def run_get(name: str, sha256: str, replace: bool) -> None:
    """Fetches an official model and installs it."""
    from simpatient.ports.download import fetch

    common.note("This connects to the model's makers, now and only now.")
    with _bar(name) as progress:
        archive = fetch(name, folder(), sha256, progress)
    try:
        print(f"SHA-256 {models.checksum(archive, 'sha256')}")
        place = models.add(archive, folder(), name, replace=replace, verify=_loads)
    finally:
        archive.unlink(missing_ok=True)
    print(f"{place.name} is installed in {place}")


def _loads(place: Path) -> None:
    """Loads the model once, so that what libvosk refuses is told now. Raises ModelError."""
    hearing.choose(str(place), {}, None).close()


def _mark(name: str, chosen: str) -> str:
    return f"→ {name}" if name == chosen else name


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _measured(model: str) -> str:
    """Resident memory of a process that listens with the model, in MB."""
    done = subprocess.run([sys.executable, "-c", SELF, model], capture_output=True, text=True)
    if done.returncode or not done.stdout.strip().isdigit():
        return "cannot be loaded"
    unit = 1 if sys.platform == "darwin" else 1024
    return f"{int(done.stdout) * unit / 1e6:.0f} MB"


@contextmanager
def _bar(what: str) -> Iterator[Told | None]:
    """A bar with the time left on standard error; none where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = screen.console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
