"""Which recogniser listens."""

from collections.abc import Mapping
from pathlib import Path

from simpatient import places
from simpatient.errors import ModelError
from simpatient.ports import Recogniser
from simpatient.ports.models import catalogue
from simpatient.ports.sphinx import SphinxRecogniser
from simpatient.ports.vosk import VoskRecogniser

VARIABLE = "SIMPATIENT_VOSK_MODEL"
CLINIC = "clinic"
SPHINX = "pocketsphinx"
UNKNOWN = "no published figure known here"


def choose(model: str | None, env: Mapping[str, str], installed: Path | None, live: bool = False) -> Recogniser:
    """The recogniser of `model` ('clinic', 'pocketsphinx' or a folder), else of the variable SIMPATIENT_VOSK_MODEL,
    else of the first folder in `installed`, else pocketsphinx; for a live session or recordings. Raises ModelError.
    """
    if model == CLINIC:
        about = "Vosk, clinic model: hears the demo and the tests only"
        return VoskRecogniser(places.clinic_model(), CLINIC, about, live)
    if model == SPHINX:
        return SphinxRecogniser()
    if model:
        return _vosk(model, f"--model {model}; allowed: {CLINIC}, {SPHINX} or a folder", live)
    if env.get(VARIABLE):
        return _vosk(env[VARIABLE], VARIABLE, live)
    for folder in models(installed):
        return _vosk(folder, "installed", live)
    return SphinxRecogniser()


def models(installed: Path | None) -> list[Path]:
    """The folders in `installed`, sorted by name; none when there is no such place."""
    if installed is None or not installed.is_dir():
        return []
    return sorted(path for path in installed.iterdir() if path.is_dir() and not path.name.startswith("."))


def about(name: str) -> str:
    """The line that users see of a Vosk folder of that name."""
    known = {model.name: model.word_errors for model in catalogue().models}
    return f"Vosk, {name}: {known.get(name, UNKNOWN)}"


def _vosk(folder: str | Path, origin: str, live: bool) -> Recogniser:
    path = Path(folder).expanduser()
    name = path.resolve().name
    try:
        return VoskRecogniser(path, name, about(name), live)
    except ModelError as error:
        raise ModelError(f"{error} ({origin})") from None
