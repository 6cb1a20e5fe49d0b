"""The layers: who may import whom. This table is the law; the test reads every import."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "simpatient"
LEAVES = {"errors", "model", "text", "cues", "yamlfile", "outcome", "places"}
ALLOWED = {
    "errors": set(),
    "model": set(),
    "text": set(),
    "cues": {"text"},
    "yamlfile": {"errors"},
    "outcome": {"model"},
    "places": {"errors"},
    "detect": LEAVES,
    "persona": LEAVES,
    "patient": LEAVES | {"detect", "persona"},
    "grading": LEAVES | {"detect", "persona"},
    "ports": LEAVES,
    "session": LEAVES | {"detect", "persona", "patient", "grading", "ports"},
    "cli": LEAVES | {"detect", "persona", "patient", "grading", "ports", "session"},
    "__main__": {"cli"},
}
ONE_DOOR = {
    "sounddevice": "ports/sounddevice_io.py",
    "vosk": "ports/vosk.py",
    "pocketsphinx": "ports/sphinx.py",
    "pyttsx3": "ports/voice_worker.py",
    "transitions": "persona/machine.py",
    "yaml": "yamlfile.py",
    "time": "ports/clock.py",
}
CLOCKS = {"time", "datetime"}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """(module, is it at the top level) of every import of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield node.module, id(node) in top


def area(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    """A file imports of ours only what its layer may."""
    here = area(path)
    if here == "__init__":
        return
    for module, _ in imports(path):
        parts = module.split(".")
        if parts[0] == "simpatient" and len(parts) > 1 and parts[1] != here:
            assert parts[1] in ALLOWED[here], f"{path.name} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_foreign_library_enters_through_one_door(path):
    """Each world-touching library stands in exactly one file; clocks are read in the clock port alone."""
    name = path.relative_to(PACKAGE).as_posix()
    for module, _ in imports(path):
        root = module.split(".")[0]
        if root in CLOCKS:
            assert name in (ONE_DOOR["time"], "ports/sounddevice_io.py", "ports/voice.py", "ports/voice_worker.py"), (
                f"{name} reads the time"
            )
        elif root in ONE_DOOR:
            assert name == ONE_DOOR[root], f"{name} imports {root}"
        assert root not in ("random", "secrets", "uuid"), (
            f"{name} imports {root}; randomness is a value of seed and turn"
        )


@pytest.mark.parametrize("library", ["sounddevice", "vosk", "pyttsx3", "pocketsphinx"])
def test_heavy_libraries_are_imported_where_they_are_used(library):
    """Never at the top of a file: importing the package costs next to nothing."""
    path = PACKAGE / ONE_DOOR[library]

    assert all(not at_top for module, at_top in imports(path) if module.split(".")[0] == library)
