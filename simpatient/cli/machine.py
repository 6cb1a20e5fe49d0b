"""The commands about this machine: models, voices, doctor. What they do is imported inside them."""

from pathlib import Path
from typing import Annotated

import typer

from simpatient.cli.options import Input, Model, Output

commands = typer.Typer()

models = typer.Typer(
    help="Speech models: what is installed (without a word more), `add FILE`, `get NAME`.", invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="**Examples:** `simpatient models` · `simpatient models get vosk-model-small-en-us-0.15`",
)  # fmt: skip
commands.add_typer(models, name="models")
Sha256 = Annotated[str, typer.Option("--sha256", help="What the archive's SHA-256 must be.", metavar="HEX")]
Replace = Annotated[bool, typer.Option("--replace", help="Take the place of a model of that name.")]


@models.callback()
def _models(
    context: typer.Context,
    measure: Annotated[bool, typer.Option("--measure", help="Load each and measure its memory.")] = False,
) -> None:
    """List the speech models: what is installed, what it costs in memory, what it reaches."""
    if context.invoked_subcommand is None:
        from simpatient.cli.models import run_list

        run_list(measure)


@models.command("add", epilog="**Example:** `simpatient models add vosk-model-small-en-us-0.15.zip`")
def models_add(
    source: Annotated[Path, typer.Argument(help="A Vosk model: a .zip or its folder.", metavar="PATH")],
    sha256: Sha256 = "",
    replace: Replace = False,
) -> None:
    """Install a downloaded model, after checking that it is whole."""
    from simpatient.cli.models import run_add

    run_add(source, sha256, replace)


@models.command("get", epilog="**Example:** `simpatient models get vosk-model-small-en-us-0.15`")
def models_get(
    name: Annotated[str, typer.Argument(help="An official model; `simpatient models` lists them.", metavar="NAME")],
    sha256: Sha256 = "",
    replace: Replace = False,
) -> None:
    """Fetch an official model from its makers and install it: the one command that uses the network."""
    from simpatient.cli.models import run_get

    run_get(name, sha256, replace)


@commands.command(epilog="**Examples:** `simpatient voices` · `simpatient voices --play teen`")
def voices(
    play: Annotated[str | None, typer.Option("--play", help="Hear a patient's first line.", metavar="PERSONA")] = None,
    device_out: Output = None,
) -> None:
    """Show with which voice, rate and pitch each patient speaks on this machine."""
    from simpatient.cli.voices import run_voices

    run_voices(play, device_out)


@commands.command(epilog="**Examples:** `simpatient doctor` · `simpatient doctor --loopback`")
def doctor(
    device_in: Input = None,
    device_out: Output = None,
    model: Model = None,
    loopback: Annotated[
        bool, typer.Option("--loopback", help="Play a sentence, hear it again, and say how much later.")
    ] = False,
) -> None:
    """Check microphone, loudspeaker, speech model, voice, speed and disk; a line each, with the remedy.

    Exit code 0: all well; 1: something could be better; 3: something is missing.
    """
    from simpatient.cli.doctor import run_doctor

    run_doctor(device_in, device_out, model, loopback)
