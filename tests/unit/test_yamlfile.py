"""The strict YAML reader: every mistake of an author is told with file, line, what was found, what is allowed."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatient.errors import DataError
from simpatient.yamlfile import Range, load


@dataclass(frozen=True)
class Inner:
    kind: Literal["a", "b"]
    score: Annotated[float, Range(0, 1)] = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    count: int
    items: tuple[str, ...] = ()
    inner: Inner | None = None
    table: dict[str, Inner] | None = None


def read(tmp_path, text):
    file = tmp_path / "x.yaml"
    file.write_text(text, "utf-8")
    return load(file, Outer)


def test_reads_into_the_dataclass(tmp_path):
    """A clean file becomes the dataclass, with words such as No and 12:30 kept as words."""
    text = "name: No\ncount: 3\nitems: [on, 12:30]\ninner: {kind: a, score: 1}\n"

    assert read(tmp_path, text) == Outer("No", 3, ("on", "12:30"), Inner("a", 1.0))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("name: x\ncount: 1\nname: y\n", 3, "stands twice, first in line 1"),
        ("name: x\ncount: 1\ncolour: red\n", 3, "unknown key; allowed: name, count"),
        ("name: x\n", 1, "count: missing"),
        ("name: x\ncount: many\n", 2, "found 'many'; allowed: a whole number"),
        ("name: x\ncount: 1\nitems: word\n", 3, "allowed: a list"),
        ("name: x\ncount: 1\ninner: {kind: c}\n", 3, "found 'c'; allowed: one of a, b"),
        ("name: x\ncount: 1\ninner: {kind: a, score: 2}\n", 3, "a number from 0 to 1"),
        ("name: &x y\ncount: 1\n", 1, "anchor"),
        ("name: !!python/name:os x\ncount: 1\n", 1, "tag"),
        ("name: [\n", 2, "not YAML"),
        ("", 1, "empty file"),
        ("name:\ncount: 1\n", 1, "a text"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path, text, line, says):
    """Each mistake is one line that names the file and the line."""
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)

    message = str(caught.value)
    assert f"x.yaml:{line}:" in message
    assert says in message
    assert "\n" not in message


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    """No text whatever breaks the reader in another way than DataError."""
    file = tmp_path_factory.mktemp("fuzz") / "x.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load(file, Outer)
    except DataError as error:
        assert "x.yaml:" in str(error)
