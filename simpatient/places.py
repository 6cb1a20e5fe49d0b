"""Where the shipped data lies: in the installed package, or in the checkout it is developed in."""

import os
from errno import ENOTDIR
from pathlib import Path

from simpatient.errors import UsageError

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent


def _data(installed: str, checkout: str) -> Path:
    folder = _PACKAGE / installed
    return folder if folder.is_dir() else _CHECKOUT / checkout


def personas() -> Path:
    """The folder of the shipped patients."""
    return _data("_personas", "personas")


def demo() -> Path:
    """The folder of the demo's recordings."""
    return _data("_demo", "audio_fixtures/demo")


def clinic_model() -> Path:
    """The folder of the wheel's own speech model."""
    return _PACKAGE / "_clinic"


def shipped() -> list[str]:
    """The ids of the shipped patients."""
    if not personas().is_dir():
        return []
    return sorted(p.name for p in personas().iterdir() if (p / "persona.yaml").is_file())


def persona(name: str) -> Path:
    """The folder of a patient named by id or by path. Raises UsageError, naming the shipped ones."""
    if name in shipped():
        return personas() / name
    folder = Path(name)
    if (folder / "persona.yaml").is_file():
        return folder
    where = f"folder {name} holds no persona.yaml" if folder.is_dir() else f"no persona {name!r}"
    raise UsageError(f"{where}; shipped: {', '.join(shipped())}; or give a persona's folder")


def stations() -> dict[str, Path]:
    """The files of the shipped stations by id, in the order of their ids."""
    files = sorted(personas().glob("*/stations/*.yaml")) if personas().is_dir() else []
    return {file.stem: file for file in sorted(files, key=lambda file: file.stem)}


def station(name: str) -> Path:
    """The file of a station named by id or by path. Raises UsageError, naming the shipped ones."""
    known = stations()
    if name in known:
        return known[name]
    file = Path(name)
    if file.suffix == ".yaml" and file.is_file():
        return file
    raise UsageError(f"no station {name!r}; shipped: {', '.join(known) or 'none'}; or give a station's .yaml file")


def user_data() -> Path:
    """The user's own folder for sessions and installed models (platformdirs)."""
    import platformdirs

    return Path(os.environ.get("SIMPATIENT_DATA") or platformdirs.user_data_dir("simpatient", appauthor=False))


def private_folder(path: Path) -> None:
    """Makes a folder, and those above it that are missing, for the owner only. Raises OSError."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(path))


def private_file(path: Path) -> None:
    """Makes a file that only the owner can read, or one that is there so. Raises OSError."""
    path.touch(mode=0o600)
    if path.is_file():
        path.chmod(0o600)
