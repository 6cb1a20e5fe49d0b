"""An official model is fetched, goes on after a break, and is checked: real urllib, a real server, a Unix socket."""

import hashlib
import http.client
import json
import socket
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from simpatient.errors import ModelError, UsageError
from simpatient.ports.download import fetch

NAME = "vosk-model-small-en-us-0.15"
DATA = bytes(range(256)) * 20_000


class Site:
    """What the server gives, and what it was asked."""

    def __init__(self) -> None:
        self.data = DATA
        self.listing: Any = [{"name": NAME, "size": len(DATA), "md5": hashlib.md5(DATA).hexdigest()}]
        self.breaks_after: int | None = None
        self.goes_on = True
        self.ranges: list[str | None] = []


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("model-list.json"):
                return self._give(200, json.dumps(site.listing).encode() if site.listing is not None else b"<html>")
            if not self.path.endswith(f"/{NAME}.zip"):
                return self.send_error(404)
            site.ranges.append(asked := self.headers.get("Range"))
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and site.goes_on else 0
            self._give(206 if start else 200, site.data[start:])

        def _give(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: site.breaks_after])

        def address_string(self) -> str:
            return "test"

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def opener(site: Site, tmp_path: Path) -> Iterator[urllib.request.OpenerDirector]:
    path = str(tmp_path / "server")

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(path)

    class Handler(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> Any:
            return self.do_open(Connection, request)

    with socketserver.ThreadingUnixStreamServer(path, handler(site)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield urllib.request.build_opener(Handler)
        server.shutdown()


def test_it_arrives_whole_with_progress(opener: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    archive = fetch(NAME, tmp_path / "models", progress=lambda done, total: told.append((done, total)), opener=opener)

    assert archive.read_bytes() == DATA
    assert told[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_broken_download_goes_on(site: Site, opener: Any, tmp_path: Path) -> None:
    site.breaks_after = 2_000_000
    with pytest.raises(ModelError, match=r"broke off after 2000000 of|cannot be reached"):
        fetch(NAME, tmp_path, opener=opener)
    site.breaks_after = None

    assert fetch(NAME, tmp_path, opener=opener).read_bytes() == DATA
    assert site.ranges == [None, "bytes=2000000-"]


def test_a_server_that_does_not_go_on_is_asked_from_the_start(site: Site, opener: Any, tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.zip.part").write_bytes(b"left over")
    site.goes_on = False

    assert fetch(NAME, tmp_path, opener=opener).read_bytes() == DATA


def test_what_is_not_what_it_should_be_is_thrown_away(site: Site, opener: Any, tmp_path: Path) -> None:
    site.data = DATA[:-1] + b"!"
    with pytest.raises(ModelError, match="MD5 is not the one that its makers list"):
        fetch(NAME, tmp_path, opener=opener)
    site.data = DATA
    with pytest.raises(ModelError, match=r"SHA-256 is [0-9a-f]{64}, not the one given"):
        fetch(NAME, tmp_path, sha256="0" * 64, opener=opener)

    assert not list(tmp_path.glob(".*part"))
    assert fetch(NAME, tmp_path, sha256=hashlib.sha256(DATA).hexdigest(), opener=opener).exists()


@pytest.mark.parametrize("listing", [None, [], {}, [{"name": NAME}], [{"name": NAME, "size": "many", "md5": ""}]])
def test_a_list_that_does_not_list_it(site: Site, opener: Any, tmp_path: Path, listing: Any) -> None:
    site.listing = listing

    with pytest.raises(ModelError, match="does not list"):
        fetch(NAME, tmp_path, opener=opener)


def test_no_server(tmp_path: Path) -> None:
    class Nowhere(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> Any:
            raise urllib.error.URLError("no route")

    with pytest.raises(ModelError, match=r"cannot be reached \(no route\)"):
        fetch(NAME, tmp_path, opener=urllib.request.build_opener(Nowhere))


def test_an_unknown_name_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no official model 'big'"):
        fetch("big", tmp_path)
