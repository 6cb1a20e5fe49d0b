"""What has been graded is known again, as long as nothing that its marks depend on has changed."""

import hashlib

import pytest

from simpatient.errors import OutputError
from simpatient.session.ledger import NAME, Entry, Ledger, digest, key


@pytest.fixture
def entry(tmp_path):
    """A result that lies on the disk."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "grade.json").write_text("{}\n")
    return Entry(key("content", {"seed": 1}), "a", "closed", digest(tmp_path / "a" / "grade.json"), {"checklist": 50.0})


def book(root, *entries):
    ledger = Ledger(root)
    for entry in entries:
        ledger.add(entry)
    ledger.close()
    return Ledger(root)


def test_an_entry_comes_back(tmp_path, entry):
    """By key and folder, from a ledger that only the owner can read."""
    assert book(tmp_path, entry).take(entry.key, "a") == entry
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


def test_another_key_or_folder_is_graded_anew(tmp_path, entry):
    """Other bytes, other settings and another place each ask for a new grade."""
    ledger = book(tmp_path, entry)

    assert ledger.take(key("content", {"seed": 2}), "a") is None
    assert ledger.take(key("other", {"seed": 1}), "a") is None
    assert ledger.take(entry.key, "b") is None


def test_a_result_that_went_or_changed_does_not_count(tmp_path, entry):
    """The grade must lie there as it was written."""
    ledger = book(tmp_path, entry)
    (tmp_path / "a" / "grade.json").write_text("{ }\n")
    assert ledger.take(entry.key, "a") is None
    (tmp_path / "a" / "grade.json").unlink()
    assert ledger.take(entry.key, "a") is None


def test_the_last_grade_in_a_folder_holds(tmp_path, entry):
    """Graded with other settings, the folder no longer holds the first result, whatever its bytes are."""
    later = Entry(key("content", {"seed": 2}), "a", None, entry.grade, {})
    ledger = book(tmp_path, entry, later)

    assert ledger.take(entry.key, "a") is None
    assert ledger.take(later.key, "a") == later


@pytest.mark.parametrize("torn", [b'{"key":"x","fol', b"\x00\xff", b'{"key":1}\n', b"[]\n", b"\n"])
def test_a_torn_line_costs_nothing(tmp_path, entry, torn):
    """What a crash left at the end is passed over, and the next line stands on its own."""
    book(tmp_path, entry).close()
    with (tmp_path / NAME).open("ab") as file:
        file.write(torn)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "grade.json").write_text("{}\n")
    second = Entry("k", "b", None, entry.grade, {})

    ledger = book(tmp_path, second)

    assert ledger.take(entry.key, "a") == entry
    assert ledger.take("k", "b") == second


def test_a_place_that_cannot_be_written(tmp_path):
    """One line."""
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="cannot write"):
        Ledger(tmp_path / "file")


def test_the_digest_is_sha256(tmp_path):
    """As sha256sum gives it; nothing for what cannot be read."""
    (tmp_path / "a").write_bytes(b"abc")

    assert digest(tmp_path / "a") == "sha256:" + hashlib.sha256(b"abc").hexdigest()
    assert digest(tmp_path / "no") == ""
