"""The commands of authors and of who measures: techniques, persona, station, bench."""

from pathlib import Path
from typing import Annotated

import typer

from simpatient.cli.options import AsJson, Out, Seed

commands = typer.Typer()


techniques = typer.Typer(
    help="The techniques that are listened for: `list`, `show CODE`, `check [DIR]`.", invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="**Examples:** `simpatient techniques show MIRACLE` · `simpatient techniques check`",
)  # fmt: skip
commands.add_typer(techniques, name="techniques")


@techniques.callback()
def _techniques(
    context: typer.Context,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As the reference page of docs/.")] = False,
) -> None:
    """List the techniques that are listened for."""
    if context.invoked_subcommand is None:
        from simpatient.cli.techniques import run_list

        run_list(as_markdown)


@techniques.command("show", epilog="**Example:** `simpatient techniques show GOAL_BRIDGE`")
def techniques_show(code: Annotated[str, typer.Argument(help="A code such as MIRACLE.", metavar="CODE")]) -> None:
    """Explain one technique: what it is, when it is right, how it sounds."""
    from simpatient.cli.techniques import run_show

    run_show(code)


@techniques.command("check", epilog="**Example:** `simpatient techniques check simpatient/detect/packs/en`")
def techniques_check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of technique files.", metavar="DIR")] = None,
) -> None:
    """Check technique files; exit code 1 if anything is found."""
    from simpatient.cli.techniques import run_check

    run_check(folder)


persona = typer.Typer(
    help="For authors of patients: list, show, check, draw, preview, new.", no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
commands.add_typer(persona, name="persona")
Who = Annotated[str, typer.Argument(help="A patient: an id such as `teen`, or a folder.", metavar="PERSONA")]


@persona.command("list", epilog="**Example:** `simpatient persona list`")
def persona_list() -> None:
    """List the shipped patients."""
    from simpatient.cli.persona import run_list

    run_list()


@persona.command("show", epilog="**Example:** `simpatient persona show teen`")
def persona_show(who: Who) -> None:
    """Show who a patient is, goals and all; for teachers and authors."""
    from simpatient.cli.persona import run_show

    run_show(who)


@persona.command("check", epilog="**Examples:** `simpatient persona check` · `simpatient persona check path/to/folder`")
def persona_check(
    who: Annotated[list[str] | None, typer.Argument(help="Patients; without it, all shipped.", metavar="PATH…")] = None,
) -> None:
    """Check patients, file:line for each finding; exit code 1 if anything is found."""
    from simpatient.cli.persona import run_check

    run_check(who or [])


@persona.command("draw", epilog="**Examples:** `simpatient persona draw teen --svg teen.svg`")
def persona_draw(
    who: Who,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a picture instead.", metavar="FILE")] = None,
) -> None:
    """Draw the stages of change and their guards, as Mermaid or as a picture."""
    from simpatient.cli.persona import run_draw

    run_draw(who, svg)


@persona.command("preview", epilog="**Example:** `simpatient persona preview teen --seed 3`")
def persona_preview(who: Who, seed: Seed = 0) -> None:
    """Show a sample conversation, once well led and once badly."""
    from simpatient.cli.persona import run_preview

    run_preview(who, seed)


@persona.command("new", epilog="**Example:** `simpatient persona new maria --out my-patients`")
def persona_new(
    name: Annotated[str, typer.Argument(help="The new patient's id.", metavar="ID")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for it. Default: here.", metavar="DIR")] = None,
) -> None:
    """Make a commented patient to start from; it passes the check."""
    from simpatient.cli.persona import run_new

    run_new(name, out)


station = typer.Typer(
    help="Stations, timed and marked: list, show, check, new.", no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
commands.add_typer(station, name="station")


@station.command("list", epilog="**Example:** `simpatient station list`")
def station_list() -> None:
    """List the shipped stations."""
    from simpatient.cli.station import run_list

    run_list()


@station.command("show", epilog="**Examples:** `simpatient station show teen-first-visit --sheet`")
def station_show(
    name: Annotated[str, typer.Argument(help="A station: an id, or a .yaml file.", metavar="STATION")],
    sheet: Annotated[bool, typer.Option("--sheet", help="Only what the candidate reads.")] = False,
) -> None:
    """Show a station: the candidate's sheet, and for teachers the mark sheet."""
    from simpatient.cli.station import run_show

    run_show(name, sheet)


@station.command("check", epilog="**Examples:** `simpatient station check` · `simpatient station check mine.yaml`")
def station_check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Stations; without it, all shipped.", metavar="STATION…")
    ] = None,
) -> None:
    """Check stations, file:line for each finding; exit code 1 if anything is found."""
    from simpatient.cli.station import run_check

    run_check(names or [])


@station.command("new", epilog="**Example:** `simpatient station new tess-again --persona teen --out my-stations`")
def station_new(
    name: Annotated[str, typer.Argument(help="The new station's id.", metavar="ID")],
    persona: Annotated[str, typer.Option("--persona", help="The patient who sits there.", metavar="PERSONA")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for it. Default: here.", metavar="DIR")] = None,
) -> None:
    """Make a commented station to start from; it passes the check."""
    from simpatient.cli.station import run_new

    run_new(name, persona, out)


bench = typer.Typer(
    help="Score the detector on a public corpus.", no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
commands.add_typer(bench, name="bench")


@bench.callback()
def _bench() -> None:
    """Score the detector on a public corpus that you bring."""


@bench.command("annomi", epilog="**Example:** `simpatient bench annomi AnnoMI-full.csv --out figures`")
def bench_annomi(
    file: Annotated[Path, typer.Argument(help="AnnoMI-full.csv, which you bring yourself.", metavar="FILE")],
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Score the shipped detector on AnnoMI: main behaviour, questions, reflections; writes annomi.svg."""
    from simpatient.cli.bench import run_annomi

    run_annomi(file, out, as_json)
