"""The speech models of this machine: what is there, and how one gets there from a folder or an archive."""

import hashlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from simpatient.errors import ModelError, OutputError, UsageError
from simpatient.ports.vosk import check
from simpatient.yamlfile import load

MOST_FILES = 2_000
"""Of an archive; a Vosk model has a few dozen."""
MOST_BYTES = 8 << 30
"""Unpacked; the largest official model has 2.7 GB."""
MOST_RATIO = 50
"""Unpacked bytes over packed ones, from which an archive is a bomb; models reach 3."""
PIECE = 1 << 20
Progress = Callable[[int, int], None]
"""Told of bytes done and bytes in all."""


@dataclass(frozen=True)
class Known:
    """An official model, as its makers describe it."""

    name: str
    megabytes: int
    memory: str
    word_errors: str


@dataclass(frozen=True)
class Catalogue:
    """The schema of catalogue.yaml."""

    source: str
    """Where the archives lie: <source>/<name>.zip, and their list, <source>/model-list.json."""
    models: tuple[Known, ...]


def catalogue() -> Catalogue:
    """The official models, smallest first."""
    return load(Path(__file__).parent / "catalogue.yaml", Catalogue)


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def add(
    source: Path, models: Path, name: str = "", *, sha256: str = "", replace: bool = False,
    verify: Callable[[Path], None] = check, progress: Progress | None = None,
) -> Path:  # fmt: skip
    """Installs a model folder, or a .zip that holds one, among `models`, under its own name or `name`.

    `verify` sees the whole model before it takes the place of another. Returns its folder.

    Raises UsageError for a path or a checksum that does not fit, ModelError where no whole model is in it, OutputError.
    """
    if source.is_dir():
        if sha256:
            raise UsageError(f"{source}: --sha256 is of a .zip file; found a folder")
        check(source)
        final = _free(models / (name or source.resolve().name), replace)
        with _room(final, verify) as place:
            _copied(source.resolve(), place)
        return final
    if not source.is_file():
        raise UsageError(f"{source}: no such file; give a .zip or a model folder")
    if sha256 and (found := checksum(source, "sha256")) != sha256.lower():
        raise UsageError(f"{source}: its SHA-256 is {found}, not the one given; download it anew")
    with _emptied(models) as work:
        _unpack(source, work, progress)
        inner = _inner(work, source)
        final = _free(models / (name or (source.stem if inner == work else inner.name)), replace)
        with _room(final, verify) as place:
            for path in inner.iterdir():
                path.rename(place / path.name)
    return final


def checksum(file: Path, kind: str) -> str:
    """Hexadecimal digest of a file's bytes; kind is 'sha256' or 'md5'."""
    total = hashlib.new(kind, usedforsecurity=kind != "md5")
    with file.open("rb") as stream:
        while data := stream.read(PIECE):
            total.update(data)
    return total.hexdigest()


def _free(final: Path, replace: bool) -> Path:
    if final.exists() and not replace:
        raise UsageError(f"{final}: is there already; to replace it: --replace")
    return final


@contextmanager
def _emptied(models: Path) -> Iterator[Path]:
    """A folder among the models, hidden, that is gone afterwards. Raises OutputError."""
    try:
        models.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=models, prefix=".installing-"))
    except OSError as error:
        raise OutputError(f"{models}: cannot write: {error.strerror}") from None
    try:
        yield folder
    except OSError as error:
        raise OutputError(f"{models}: cannot write: {error.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _room(final: Path, verify: Callable[[Path], None]) -> Iterator[Path]:
    """An empty folder that takes its place when it has been filled and verified; nothing half is ever there."""
    with _emptied(final.parent) as place:
        yield place
        verify(place)
        if final.exists():
            shutil.rmtree(final)
        place.rename(final)


def _copied(source: Path, place: Path) -> None:
    """Files only: what a link points to is copied, and nothing outside the folder is followed."""
    for path in sorted(source.rglob("*")):
        if not path.resolve().is_relative_to(source):
            raise ModelError(f"{path}: is a link out of the model's folder; copy the file itself there")
        if path.is_file():
            target = place / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _unpack(source: Path, place: Path, progress: Progress | None) -> None:
    """Raises ModelError for what is no archive, damaged, encrypted, too large, or points outside."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            _examined(source, entries)
            total, done = sum(entry.file_size for entry in entries), 0
            for entry in entries:
                for data in _bytes(archive, entry, place):
                    done += data
                    if progress:
                        progress(done, total)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise ModelError(f"{source}: is no whole .zip archive ({error}); download it anew") from None


def _examined(source: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        raise ModelError(f"{source}: holds {len(entries)} files; a model has at most {MOST_FILES}")
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if unpacked > MOST_BYTES or unpacked > MOST_RATIO * max(packed, PIECE):
        raise ModelError(f"{source}: would unpack to {unpacked / 1e9:.1f} GB from {packed / 1e6:.1f} MB; no model does")
    for entry in entries:
        path, mode = PurePosixPath(entry.filename.replace("\\", "/")), entry.external_attr >> 16
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename or "\0" in entry.filename:
            raise ModelError(f"{source}: holds a path that leads outside: {entry.filename!r}; it is no model archive")
        if stat.S_ISLNK(mode):
            raise ModelError(f"{source}: holds a link: {entry.filename!r}; it is no model archive")
        if entry.flag_bits & 1:
            raise ModelError(f"{source}: is encrypted; a model archive is not")


def _bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> Iterator[int]:
    """Writes one entry and says how much; never more than the entry claims."""
    target = place / PurePosixPath(entry.filename.replace("\\", "/"))
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as stream, target.open("wb") as file:
        while data := stream.read(PIECE):
            file.write(data)
            yield len(data)


def _inner(work: Path, source: Path) -> Path:
    """The folder of the model within what was unpacked: at the top, or one level below."""
    inside = sorted(path for path in work.iterdir() if path.is_dir())
    for folder in (work, *inside):
        if (folder / "am" / "final.mdl").exists() or (folder / "final.mdl").exists():
            _checked(folder, source)
            return folder
    _checked(inside[0] if len(inside) == 1 else work, source)
    return work


def _checked(folder: Path, source: Path) -> None:
    """As `check`, naming the archive. Raises ModelError."""
    try:
        check(folder)
    except ModelError as error:
        raise ModelError(str(error).replace(str(folder), str(source), 1)) from None
