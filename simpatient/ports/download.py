"""Fetches an official speech model; the only file that opens a connection, and only when a user asks for it.

A broken download goes on where it stopped. What arrives is checked against the size and the MD5 of the makers' own list
(they publish no better sum), and against a SHA-256 where the user has one.
"""

import json
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError

from simpatient.errors import ModelError, OutputError, UsageError
from simpatient.ports.models import PIECE, Progress, catalogue, checksum

PATIENCE = 30.0
"""Seconds without a byte after which the connection is given up; asked again, the download goes on."""
LIST = "model-list.json"
Opener = Any
"""A urllib.request.OpenerDirector."""


def fetch(name: str, models: Path, sha256: str = "", progress: Progress | None = None, opener: Opener = None) -> Path:
    """The archive of an official model, whole and checked, in `models`; the caller installs and removes it.

    Raises UsageError for an unknown name, ModelError when it cannot be had or is not what it should be, OutputError.
    """
    offered = catalogue()
    if name not in (names := [model.name for model in offered.models]):
        raise UsageError(f"no official model {name!r}; there are: {', '.join(names)}; others: simpatient models add")
    opener = opener or urllib.request.build_opener()
    told = _listed(opener, f"{offered.source}/{LIST}", name)
    part = models / f".{name}.zip.part"
    try:
        models.mkdir(parents=True, exist_ok=True)
        _download(opener, f"{offered.source}/{name}.zip", part, told["size"], progress)
        _verified(part, told, sha256)
        return part.replace(models / f".{name}.zip")
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise _unreachable(offered.source, str(getattr(error, "reason", error))) from None
    except OSError as error:
        raise OutputError(f"{models}: cannot write: {error.strerror}") from None


def _listed(opener: Opener, url: str, name: str) -> dict[str, Any]:
    """What the makers' list says of a model: size in bytes and MD5."""
    try:
        with opener.open(url, timeout=PATIENCE) as answer:
            entries = json.load(answer)
        entry = next(entry for entry in entries if entry["name"] == name)
        return {"size": int(entry["size"]), "md5": str(entry["md5"])}
    except (OSError, HTTPException) as error:
        raise _unreachable(url, str(getattr(error, "reason", error))) from None
    except (ValueError, KeyError, TypeError, StopIteration):
        raise ModelError(f"{url}: does not list {name}; download it by hand, then: simpatient models add") from None


def _download(opener: Opener, url: str, part: Path, total: int, progress: Progress | None) -> None:
    """Goes on behind what is there already; begins anew where the server does not go on, or too much is there."""
    there = part.stat().st_size if part.exists() else 0
    if there == total:
        return
    there = 0 if there > total else there
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    with opener.open(request, timeout=PATIENCE) as answer:
        goes_on = answer.status == 206
        done = there if goes_on else 0
        with part.open("ab" if goes_on else "wb") as file:
            while data := answer.read(PIECE):
                file.write(data)
                done += len(data)
                if progress:
                    progress(done, total)
    if done < total:
        raise ModelError(f"{url}: broke off after {done} of {total} bytes; ask again, and it goes on from there")


def _verified(part: Path, told: dict[str, Any], sha256: str) -> None:
    """Raises ModelError, and removes what is wrong."""
    wrong = ""
    if checksum(part, "md5") != told["md5"]:
        wrong = "its MD5 is not the one that its makers list"
    elif sha256 and (found := checksum(part, "sha256")) != sha256.lower():
        wrong = f"its SHA-256 is {found}, not the one given"
    if wrong:
        part.unlink()
        raise ModelError(f"{part.name.strip('.').removesuffix('.part')}: {wrong}; it has been thrown away, ask again")


def _unreachable(where: str, why: str) -> ModelError:
    return ModelError(f"{where}: cannot be reached ({why}); download it by hand, then: simpatient models add FILE.zip")
