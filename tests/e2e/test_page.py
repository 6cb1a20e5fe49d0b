"""The learner's page in a real browser, without network: looked at, listened to, used by keyboard, checked by axe.

The browser is Debian's Chromium, driven through a pipe by Playwright, which downloads none; axe-core comes from npm
(tests/browser/package.json). tests/run installs all three.
"""

import importlib.util
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from simpatient.grading.report import html
from simpatient.session.assessment import SelfAssessment
from tests.pages import longest, made_lessons, sit, written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(__file__).parent.parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
MISSING = [
    what
    for what, there in (
        ("Chromium", CHROMIUM),
        ("Playwright", importlib.util.find_spec("playwright")),
        ("axe-core", AXE.exists()),
    )
    if not there
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
SHOWS = "the HTML page in headless Chromium without network: "
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, TELEPHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
OPEN_ALL = "document.querySelectorAll('details').forEach(fold => { fold.open = true })"
SMALLEST = 16
"""Pixels of the smallest text (domain 6.2)."""


@pytest.fixture(scope="module")
def folder(detector, tmp_path_factory) -> Path:
    """The longest report, one with an own view and a retry, and the recording beside them."""
    import numpy
    import soundfile

    made = tmp_path_factory.mktemp("page")
    long = longest(detector)
    seconds = long.transcript.turns[-1].utterance.end_ms // 1000 + 5
    tone = (1000 * numpy.sin(numpy.arange(8000 * seconds) * 0.3)).astype("int16")
    soundfile.write(made / "conversation.flac", tone, 8000)
    told = {"lessons": made_lessons(long), "station": long.station}
    (made / "longest.html").write_text(html(long.transcript, long.grade, long.patient, "conversation.flac", **told))
    says = written("teen-first-visit", "failing").says
    short, first = (sit(detector, "teen-first-visit", lines) for lines in (says, (*says[:2], "hm", *says[3:])))
    told = {
        "lessons": made_lessons(short),
        "station": short.station,
        "other": (first.transcript, first.grade),
        "own": SelfAssessment(60, {"goals": 2.0}, "listen"),
    }
    (made / "own.html").write_text(html(short.transcript, short.grade, short.patient, **told))
    return made


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, folder):
    """Opens a page without network; afterwards the console must be empty and nothing else asked for."""

    @contextmanager
    def opened(name="longest.html", viewport=DESK, **more):
        context = browser.new_context(viewport=viewport, offline=True, **more)
        page = context.new_page()
        noise, asked = [], set()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("request", lambda request: asked.add(request.url.partition("#")[0]))
        page.goto((folder / name).as_uri())
        yield page
        own = {(folder / file).as_uri() for file in (name, "conversation.flac")} | {"data:,"}
        context.close()
        assert noise == []
        assert asked <= own

    return opened


def until(page, holds, seconds=20):
    """Waits until a condition holds in the page; Playwright's own way needs what the page's policy forbids."""
    for _ in range(20 * seconds):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never held: {holds}")


@pytest.mark.must_show(SHOWS + "no error in the console, the timeline visible")
def test_the_timeline_is_seen_once_the_learner_has_answered(visit):
    """Before the button is pressed there is no mark to be seen; then five lines, their shapes and the moments."""
    with visit() as page:
        assert page.get_by_role("slider").is_visible()
        assert not page.locator("#outcome").is_visible()
        page.get_by_role("slider").press("ArrowRight")
        page.locator("#marks > summary").click()

        box = page.locator("svg.chart").first.bounding_box()
        assert page.locator("#outcome").is_visible()
        assert box["width"] > 700 and box["height"] > 250
        lines = page.locator("#timeline ~ .scroll polyline[stroke]")
        assert lines.count() == 5
        assert all(line.bounding_box()["width"] > 400 for line in lines.all())
        assert page.locator("a.marker").count() == 9
        assert all(marker.is_visible() for marker in page.locator("a.marker").all())
        assert page.get_by_text("You thought: 55 in 100.").is_visible()


@pytest.mark.must_show(SHOWS + "audio plays")
def test_a_moment_is_played_from_its_beginning_to_its_end(visit):
    """Its button starts the sound at the moment, which stops by itself at the moment's end, or when pressed again."""
    with visit() as page:
        page.locator("#marks > summary").click()
        button = page.locator("article.turning button.play").first
        start, end = (float(button.get_attribute(f"data-{edge}")) for edge in ("from", "to"))
        sound = "document.querySelector('audio')"
        now, paused = f"{sound}.currentTime", f"{sound}.paused"
        button.press("Space")
        until(page, f"{now} > {start + 0.2}")
        assert page.evaluate(now) < end + 1
        page.evaluate(f"{sound}.playbackRate = 8")
        until(page, paused)
        assert end <= page.evaluate(now) < end + 5
        page.evaluate(f"{sound}.playbackRate = 1")
        button.press("Enter")
        until(page, f"!{paused} && {now} > {start} && {now} < {end}")
        button.press("Enter")
        until(page, paused)


def test_without_javascript_everything_is_there(visit, browser, folder):
    """The fold opens, and a moment's link is a media fragment at which the browser's own player begins."""
    with visit(java_script_enabled=False) as page:
        page.locator("#marks > summary").press("Enter")
        assert page.locator("#timeline").is_visible()
        link = page.locator("article.turning a.play").first
        assert link.is_visible()
        address = link.get_attribute("href")
    start, end = map(float, address.partition("#t=")[2].split(","))
    page = browser.new_page()
    page.goto(f"{folder.as_uri()}/{address}")
    page.wait_for_function(f"document.querySelector('video,audio').currentTime >= {start}")
    assert page.evaluate("document.querySelector('video,audio').currentTime") <= end
    page.close()


WALK = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  const lined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const rect = at.querySelector('rect');
  const seen = lined(getComputedStyle(at)) || (rect && parseFloat(getComputedStyle(rect).strokeWidth) >= 2);
  return [at.dataset.stop || at.outerHTML.slice(0, 120), Boolean(seen), at.tagName];
}"""
STOPS = """() => [...document.querySelectorAll('a[href], button, summary, input, textarea, audio, [tabindex="0"]')]
  .map((stop, i) => { stop.dataset.stop = i; return [String(i), stop.outerHTML.slice(0, 120)]; })"""


@pytest.mark.must_show(SHOWS + "the keyboard reaches everything")
@pytest.mark.parametrize("name", ["longest.html", "own.html"])
def test_the_keyboard_reaches_everything(visit, name):
    """Tab stops at every control of the page, all folds open, and each stop can be seen."""
    with visit(name) as page:
        page.evaluate(OPEN_ALL)
        stops = dict(page.evaluate(STOPS))
        reached, unseen = [], []
        for _ in range(4 * len(stops)):
            page.keyboard.press("Tab")
            stop = page.evaluate(WALK)
            if stop is None:
                break
            reached.append(stop[0])
            if not stop[1] and stop[2] != "AUDIO":  # the browser draws the focus inside its own player
                unseen.append(stops.get(stop[0], stop[0]))

        assert [text for key, text in stops.items() if key not in reached] == []
        assert unseen == []
        assert list(dict.fromkeys(reached)) == sorted(set(reached), key=int)


def test_the_keyboard_works_everything(visit):
    """Enter and Space open, follow and play; arrows move the slider; what a marker means is told where it has focus."""
    with visit() as page:
        page.get_by_role("slider").press("ArrowLeft")
        assert page.locator("output").inner_text() == "45 in 100"
        page.keyboard.press("Tab")
        page.keyboard.type("ask, then wait")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("#outcome").is_visible()

        marker = page.locator("a.marker.turning").first
        marker.focus()
        assert page.locator("#caption").inner_text() == marker.get_attribute("aria-label")
        marker.press("Enter")
        turn = marker.get_attribute("href")
        assert page.evaluate("location.hash") == turn
        assert page.evaluate("document.activeElement.id") == turn[1:]

        fold = page.locator("#timeline ~ details > summary")
        fold.press("Space")
        assert page.locator("#timeline ~ details table").is_visible()
        fold.press("Enter")
        assert not page.locator("#timeline ~ details table").is_visible()
        page.locator("#reflection").press("h")
        assert page.locator("#reflection").input_value() == "h"


@pytest.mark.must_show(SHOWS + "axe-core finds no violation on the longest report")
@pytest.mark.parametrize(
    ("name", "viewport", "more"),
    [
        ("longest.html", DESK, {}),
        ("longest.html", TELEPHONE, {"reduced_motion": "reduce"}),
        ("own.html", TELEPHONE, {}),
    ],
)
def test_axe_finds_nothing(visit, name, viewport, more):
    """WCAG 2.2 AA and best practices, every fold open, wide and at 320 pixels, with reduced motion."""
    with visit(name, viewport, **more) as page:
        page.evaluate(OPEN_ALL)
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
        )

        assert len(found["passes"]) > 20
        assert [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]] == []


CLIPPED = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, .unseen, .skip, script') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
TINY = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (words.nextNode()) {
    const at = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || at.closest('script, style, title')) continue;
    const scale = at.closest('svg') ? at.closest('svg').getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(at).fontSize) * scale;
    if (size < %s - 0.1) found.add(`${size}: ${at.outerHTML.slice(0, 100)}`);
  }
  return [...found];
}"""


@pytest.mark.must_show(SHOWS + "it reflows at 320 pixels, no text is small, and nothing moves where that is asked")
@pytest.mark.parametrize("name", ["longest.html", "own.html"])
def test_it_reflows_on_a_telephone(visit, name):
    """No sideways scrolling but within pictures and tables; no text below 16 pixels; no motion."""
    with visit(name, TELEPHONE, reduced_motion="reduce") as page:
        page.evaluate(OPEN_ALL)

        assert page.evaluate(CLIPPED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
        assert page.evaluate(TINY % SMALLEST) == []
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_on_paper_the_folds_are_open(visit):
    """Printing opens every fold but the marks nobody asked for, leaves the buttons away and closes them again."""
    with visit() as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert not page.locator("#outcome").is_visible()
        page.evaluate("document.querySelector('.gate').open = true; dispatchEvent(new Event('beforeprint'))")
        assert page.locator("#timeline ~ details table").is_visible()
        assert page.locator("#facilitator").is_visible()
        assert not any(button.is_visible() for button in page.locator(".play").all()[:5])
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.pdf().startswith(b"%PDF")
