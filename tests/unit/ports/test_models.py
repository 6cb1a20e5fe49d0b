"""Speech models are installed whole or not at all; what is no model costs one line."""

import stat
import zipfile
from pathlib import Path

import pytest

from simpatient.errors import ModelError, OutputError, UsageError
from simpatient.ports import models
from simpatient.ports.hearing import about
from tests import tone_model

WORDS = "i have had this pain".split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole model that libvosk takes."""
    tone_model.build(tmp_path / "tones", WORDS)
    return tmp_path / "tones"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


def packed(folder: Path, file: Path, top: str = "tones/") -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, top + path.relative_to(folder).as_posix())
    return file


def hidden(installed: Path) -> list[Path]:
    return [path for path in installed.iterdir() if path.name.startswith(".")] if installed.exists() else []


@pytest.mark.parametrize("top", ["tones/", ""], ids=["in a folder", "at the top"])
def test_an_archive_is_installed_under_its_name(folder: Path, installed: Path, tmp_path: Path, top: str) -> None:
    told: list[tuple[int, int]] = []
    file = packed(folder, tmp_path / "tones.zip", top)

    place = models.add(file, installed, progress=lambda done, total: told.append((done, total)))

    assert place == installed / "tones"
    assert {p.relative_to(place): p.read_bytes() for p in place.rglob("*") if p.is_file()} == {
        p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    assert told[-1][0] == told[-1][1] == models.size(folder)
    assert not hidden(installed)


def test_a_folder_is_copied(folder: Path, installed: Path) -> None:
    place = models.add(folder, installed)

    assert models.size(place) == models.size(folder)
    assert folder.is_dir()


def test_the_checksum_must_fit(folder: Path, installed: Path, tmp_path: Path) -> None:
    file = packed(folder, tmp_path / "tones.zip")

    with pytest.raises(UsageError, match=r"SHA-256 is [0-9a-f]{64}, not the one given"):
        models.add(file, installed, sha256="0" * 64)
    assert models.add(file, installed, sha256=models.checksum(file, "sha256").upper()).is_dir()


def test_a_model_is_replaced_only_when_asked_and_by_a_good_one(folder: Path, installed: Path) -> None:
    place = models.add(folder, installed)
    before = models.size(place)

    def refuse(staged: Path) -> None:
        raise ModelError(f"{staged}: refused")

    with pytest.raises(UsageError, match="--replace"):
        models.add(folder, installed)
    with pytest.raises(ModelError, match="refused"):
        models.add(folder, installed, replace=True, verify=refuse)
    assert models.size(place) == before
    assert models.add(folder, installed, replace=True) == place
    assert not hidden(installed)


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def crafted(file: Path, kind: str) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "traversal":
            archive.writestr(entry("../../outside.txt"), "x")
        elif kind == "absolute":
            archive.writestr(entry("/etc/outside.txt"), "x")
        elif kind == "backslashes":
            archive.writestr(entry("..\\..\\outside.txt"), "x")
        elif kind == "drive":
            archive.writestr(entry("C:outside.txt"), "x")
        elif kind == "link":
            archive.writestr(entry("model/am", stat.S_IFLNK | 0o777), "/etc")
        elif kind == "bomb":
            archive.writestr("model/am/final.mdl", bytes(80 << 20))
        elif kind == "many":
            for n in range(models.MOST_FILES + 1):
                archive.writestr(f"model/{n}", "")
        elif kind == "empty":
            pass
        elif kind == "other":
            archive.writestr("readme.txt", "nothing here")
        elif kind == "half":
            archive.writestr("model/am/final.mdl", "x")
    return file


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("traversal", "leads outside"), ("absolute", "leads outside"), ("backslashes", "leads outside"),
        ("drive", "leads outside"), ("link", "holds a link"), ("bomb", "would unpack to"), ("many", "holds 2001 files"),
        ("empty", "no am/final.mdl"), ("other", "no am/final.mdl"), ("half", "no conf/model.conf"),
    ],
)  # fmt: skip
def test_a_bad_archive_costs_one_line_and_leaves_nothing(tmp_path: Path, installed: Path, kind: str, line: str) -> None:
    file = crafted(tmp_path / "bad.zip", kind)

    with pytest.raises(ModelError, match=line) as caught:
        models.add(file, installed)

    assert str(caught.value).startswith(f"{file}: ") and "\n" not in str(caught.value)
    assert not installed.exists() or not list(installed.iterdir())
    assert not list(tmp_path.rglob("outside.txt"))


@pytest.mark.parametrize("cut", [10, 2000, -1])
def test_a_torn_archive_costs_one_line(folder: Path, tmp_path: Path, installed: Path, cut: int) -> None:
    whole = packed(folder, tmp_path / "tones.zip").read_bytes()
    torn = tmp_path / "torn.zip"
    torn.write_bytes(whole[:cut])

    with pytest.raises(ModelError, match=r"no whole \.zip archive"):
        models.add(torn, installed)
    assert not hidden(installed)


def test_damage_inside_is_found(folder: Path, tmp_path: Path, installed: Path) -> None:
    """A wrong byte in the middle of the packed bytes: the archive's own sum does not fit."""
    data = bytearray(packed(folder, tmp_path / "tones.zip").read_bytes())
    data[len(data) // 3] ^= 0xFF
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(data)

    with pytest.raises(ModelError, match=r"no whole \.zip archive"):
        models.add(damaged, installed)


def test_what_is_not_there(tmp_path: Path, installed: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        models.add(tmp_path / "missing.zip", installed)
    with pytest.raises(UsageError, match="found a folder"):
        models.add(tmp_path, installed, sha256="0" * 64)


def test_a_folder_that_leads_outside_is_refused(folder: Path, tmp_path: Path, installed: Path) -> None:
    (tmp_path / "private.txt").write_text("x")
    (folder / "extra").symlink_to(tmp_path / "private.txt")

    with pytest.raises(ModelError, match="link out of the model's folder"):
        models.add(folder, installed)
    assert not list(installed.iterdir())


def test_a_place_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(OutputError, match="cannot write"):
        models.add(folder, tmp_path / "file" / "models")


def test_the_catalogue_names_what_each_official_model_reaches() -> None:
    for model in models.catalogue().models:
        assert model.word_errors in about(model.name)
    assert "no published figure" in about("my-own-model")
