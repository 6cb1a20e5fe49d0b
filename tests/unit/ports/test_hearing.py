"""Which recogniser listens: the explicit one, then the environment's, then an installed one, then pocketsphinx."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simpatient.errors import ModelError
from simpatient.ports import hearing
from simpatient.ports.hearing import VARIABLE, about, choose
from tests import tone_model


class Bundled:
    """Stands for pocketsphinx, which takes a second to start."""

    name = "pocketsphinx"


@pytest.fixture(autouse=True)
def bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "SphinxRecogniser", Bundled)


@pytest.fixture
def model(tmp_path: Path) -> Callable[[str], Path]:
    """Builds a loadable model folder of that name."""

    def build(name: str) -> Path:
        tone_model.build(tmp_path / name, ["yes", "no"])
        return tmp_path / name

    return build


def test_the_explicit_model_comes_first(model) -> None:
    """--model FOLDER wins over the environment and what is installed."""
    given, other, installed = model("given"), model("other"), model("models/installed")

    assert choose(str(given), {VARIABLE: str(other)}, installed.parent).name == "given"


def test_the_environment_comes_second(model) -> None:
    """SIMPATIENT_VOSK_MODEL wins over what is installed."""
    other, installed = model("other"), model("models/installed")

    assert choose(None, {VARIABLE: str(other)}, installed.parent).name == "other"


def test_installed_models_come_third(model) -> None:
    """Of the installed models the first by name listens; hidden folders and files are none."""
    folder = model("models/b").parent
    model("models/a")
    model("models/.hidden")
    (folder / "0.zip").touch()

    assert choose(None, {}, folder).name == "a"


@pytest.mark.parametrize("installed", [None, Path("does-not-exist")])
def test_pocketsphinx_comes_last(installed: Path | None) -> None:
    """With nothing chosen and nothing installed pocketsphinx listens; an empty variable chooses nothing."""
    assert choose(None, {VARIABLE: ""}, installed).name == "pocketsphinx"


def test_pocketsphinx_can_be_asked_for(model) -> None:
    """--model pocketsphinx wins over an installed model."""
    assert choose("pocketsphinx", {}, model("models/a").parent).name == "pocketsphinx"


def test_the_clinic_model_serves_only_when_asked_for() -> None:
    """--model clinic loads the wheel's own model, and its line says what it is good for."""
    clinic = choose("clinic", {}, None)

    assert clinic.name == "clinic"
    assert clinic.about == "Vosk, clinic model: hears the demo and the tests only"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "vosk-model-small-en-us-0.15",
            "Vosk, vosk-model-small-en-us-0.15: about 1 word in 10 wrong on read speech (9.9 %; talks 10.4 %)",
        ),
        (
            "vosk-model-en-us-0.22",
            "Vosk, vosk-model-en-us-0.22: about 1 word in 18 wrong on read speech (5.7 %; talks 6.1 %)",
        ),
        ("my-model", "Vosk, my-model: no published figure known here"),
    ],
)
def test_what_the_user_is_told(name: str, line: str) -> None:
    """The line about a Vosk model gives its published accuracy, or says that none is known."""
    assert about(name) == line


def test_a_model_is_named_by_its_folder(model, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder's own name counts, however the path is written."""
    monkeypatch.chdir(model("given"))

    assert choose(".", {}, None).about.startswith("Vosk, given: ")


def test_a_wrong_model_says_who_asked_for_it(tmp_path: Path) -> None:
    """The one line names the folder and the flag or variable that it came from."""
    missing = tmp_path / "missing"

    with pytest.raises(ModelError, match=r"missing: there is no such folder.*\(--model .*; allowed: clinic, pocketsph"):
        choose(str(missing), {}, None)
    with pytest.raises(ModelError, match=rf"missing: there is no such folder.*\({VARIABLE}\)"):
        choose(None, {VARIABLE: str(missing)}, None)
