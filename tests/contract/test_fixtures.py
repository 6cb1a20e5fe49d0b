"""The recordings are those of the manifest, speak what it says, and the wordless ones say nothing."""

import hashlib

import pytest
import yaml

from simpatient.ports.hearing import choose
from simpatient.ports.recordings import blocks

PLAIN = {"OPENQ", "CLOSEDQ", "INFO", "FACIL"}


@pytest.fixture(scope="module")
def manifest(root):
    return yaml.safe_load((root / "audio_fixtures" / "manifest.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def ears():
    chosen = choose("clinic", {}, None)
    yield chosen
    chosen.close()


def heard(ears, root, clip):
    return " ".join(segment.text for segment in ears.listen(blocks(root / "audio_fixtures" / clip["file"])))


def test_every_recording_is_in_the_manifest_with_its_sum(root, manifest):
    """No recording is without origin, licence and sha256, and no entry without its recording."""
    folder = root / "audio_fixtures"
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*.flac")}

    assert found == {clip["file"] for clip in manifest}
    for clip in manifest:
        assert hashlib.sha256((folder / clip["file"]).read_bytes()).hexdigest() == clip["sha256"], clip["file"]
        assert clip["origin"] and clip["licence"], clip["file"]


def test_what_is_no_speech_yields_nothing(root, manifest, ears):
    """Silence, noise and music of the fixtures give not one word."""
    wordless = [clip for clip in manifest if not clip["text"]]

    assert len(wordless) >= 4
    assert {clip["file"]: heard(ears, root, clip) for clip in wordless} == {clip["file"]: "" for clip in wordless}


def test_clips_are_heard_by_meaning(root, manifest, ears, detector):
    """Over all single clips, nine in ten of the expected techniques are heard in the sound."""
    wanted = found = 0
    for clip in manifest:
        if clip["text"] and clip["file"].startswith("clips/"):
            expected = set(clip["codes"]) - PLAIN
            wanted += len(expected)
            found += len(expected & {d.code for d in detector.hear(heard(ears, root, clip)).detections})

    assert wanted > 30
    assert found >= 0.9 * wanted


def test_they_are_small(root):
    """All recordings together take at most 12 MB."""
    assert sum(p.stat().st_size for p in (root / "audio_fixtures").rglob("*") if p.is_file()) <= 12_000_000
