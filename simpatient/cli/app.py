"""Commands, options and exit codes. Heavy imports happen inside the commands, so that `--help` is quick.

Exit codes: 0 done, 1 findings or differences, 2 bad input or usage, 3 device, model or voice missing, 4 cannot write,
130 Ctrl-C.
"""

import errno
import io
import os
import sys
from typing import Annotated

import typer

from simpatient import __version__
from simpatient.cli import authors, machine, practise, review
from simpatient.errors import SimpatientError

app = typer.Typer(
    name="simpatient", no_args_is_help=True, add_completion=False, rich_markup_mode="markdown",
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="A simulated patient you talk to: practise the first psychiatric interview aloud, offline.",
    epilog="**Start with** `simpatient demo`, then `simpatient talk teen --typed`.",
)  # fmt: skip

INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"simpatient {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    pass


for _group in (practise.commands, review.commands, authors.commands, machine.commands):
    app.add_typer(_group)


def main() -> None:
    """Entry point: one line and an exit code for every mistake a user can make."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except typer.TyperException as error:
        _fail(" ".join(error.format_message().split()) + "; see --help", 2)
    except SimpatientError as error:
        _fail(" ".join(str(error).split()), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"standard output: cannot write: {error.strerror}", 4)
    if code == INTERRUPTED:  # typer turns Ctrl-C into this code
        _fail("stopped", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    print(f"simpatient: {message}", file=sys.stderr)
    sys.exit(code)
