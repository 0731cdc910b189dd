"""What holds of every page, in a browser: on a phone and a desk, light and dark, by keys alone, and read aloud."""

import re

import pytest

from tests.nabi.pages.specimens import PAGES

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}

# Texts whose contrast with the nearest colour behind them is below WCAG's AA: 4.5, or 3 where they are large.
FAINT = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = numbers(colour).map(channel);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return numbers(colour)[3] !== 0 ? colour : behind(node.parentElement);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [text, node] = [walker.currentNode.data.trim(), walker.currentNode.parentElement];
    if (!text || node.closest("script, template, noscript, svg, .unseen") || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [low, high] = [light(style.color), light(behind(node))].sort((one, other) => one - other);
    const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    if ((high + 0.05) / (low + 0.05) < least) found.push(text.slice(0, 40));
  }
  return found;
}"""

# Words that stand by themselves, but in two lines.
BROKEN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.parentElement.closest(".unseen, script, template") || !text.parentElement.checkVisibility()) continue;
    for (const { 0: word, index } of text.data.matchAll(/(?<!\\S)\\p{L}{2,16}(?=[\\s.,:;]|$)/gu)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) found.push(word);
    }
  }
  return found;
}"""

# Pictures and tables of which those who do not see them are told too little.
UNHEARD = """() => {
  const every = (selector) => [...document.querySelectorAll(selector)];
  const silent = (text) => (text || "").split(" ").length <= 3;
  const hidden = (svg) => svg.getAttribute("aria-hidden") === "true";
  return [
    ...every("svg").filter((svg) => !hidden(svg) && (svg.getAttribute("role") !== "img" || silent(svg.ariaLabel))),
    ...every("img").filter((img) => silent(img.alt)),
    ...every("table").filter((table) => !table.caption || !table.caption.textContent.trim()),
    ...every("th:not([scope]), th:empty, tbody tr > td:first-child"),
  ].map((element) => element.outerHTML.slice(0, 100));
}"""


# Where the page's last part ends, and where the footer's words begin.
EDGES = """() => {
  const words = document.createRange();
  words.selectNodeContents(document.querySelector("footer"));
  const parts = [...document.querySelectorAll("main > *")].map((part) => part.getBoundingClientRect().bottom);
  return [Math.max(...parts), words.getBoundingClientRect().top];
}"""


@pytest.fixture
def opened(browser, tmp_path):
    contexts = []

    def open_page(name, scheme="light", **context):
        (tmp_path / "page.html").write_text(PAGES[name][0](tmp_path / "made"), encoding="utf-8")
        contexts.append(browser.new_context(color_scheme=scheme, **context))
        page = contexts[-1].new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        return page

    yield open_page
    for context in contexts:
        context.close()


def only_its_own_width(page):
    return page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_and_every_text_can_be_read(opened, name, scheme):
    page = opened(name, scheme, **PHONE)
    for width in (390, 320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert only_its_own_width(page), width
        assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("name", PAGES)
def test_no_short_word_is_broken_on_a_phone(opened, name):
    page = opened(name, **PHONE)
    broken = page.evaluate(BROKEN)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_headings_name_what_was_made_and_the_footer_stands_apart(opened, name):
    page = opened(name, **DESK)
    assert page.inner_text("h1") == page.title() == PAGES[name][1]
    assert not re.search(r"[0-9a-f]{16}", page.title())
    bottom, words = page.evaluate(EDGES)
    assert words - bottom >= 24


@pytest.mark.parametrize("name", PAGES)
def test_pictures_and_tables_say_what_they_show(opened, name):
    page = opened(name, **DESK)
    assert page.evaluate(UNHEARD) == []
    assert page.locator("table").count() > 0


# Whether what has the focus comes after what had it, and is seen to have it.
FOCUSED = """() => {
  const element = document.activeElement;
  const follows = !window.before || window.before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  if (element === document.body || !follows) return null;
  window.before = element;
  element.reached = true;
  const [box, style] = [element.getBoundingClientRect(), getComputedStyle(element)];
  const inSight = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return inSight && outlined ? "seen" : element.outerHTML.slice(0, 100);
}"""

# What can be used and was not reached; of the songs' cards one is a stop, and the arrows lead to the others.
MISSED = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']:not(.song)")]
  .filter((element) => element.checkVisibility() && !element.disabled && !element.reached)
  .map((element) => element.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("name", PAGES)
def test_the_tab_key_goes_through_the_page_in_its_order_and_shows_where_it_is(opened, name):
    page = opened(name, **PHONE)
    page.keyboard.press("Tab")
    while state := page.evaluate(FOCUSED):
        assert state == "seen"
        page.keyboard.press("Tab")
    assert page.evaluate(MISSED) == []
