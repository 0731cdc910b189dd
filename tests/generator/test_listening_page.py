"""The listening test in a browser: playing, answering, the keyboard, the result and the saved answers."""

import csv

import pytest

from generator.listening import excerpts
from generator.pages import listening_page
from generator.pages.listening_page import Pair
from tests.generator.listening.test_excerpts import scale

MODELS = "ABB"


@pytest.fixture(scope="module")
def html():
    sounds = [excerpts.synthesize(scale(4, pitch=pitch), 0, seconds=5, tempo=120, program=0) for pitch in range(60, 66)]
    files = [excerpts.encode_alike(*sounds[at : at + 2]) for at in (0, 2, 4)]
    return listening_page.page([Pair(*pair) for pair in zip(files, MODELS, strict=True)], seconds=5)


@pytest.fixture
def page(browser, tmp_path, html):
    (tmp_path / "listen.html").write_text(html, encoding="utf-8")
    context, problems = browser.new_context(), []
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((tmp_path / "listen.html").as_uri())
    yield page
    context.close()
    assert problems == []


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_a_pair_is_answered_once_both_excerpts_were_played(page):
    press(page, "a", "ArrowLeft")
    assert page.inner_text("#hint") == "Play both excerpts; then you can answer."
    assert page.locator(".side:enabled").count() == 0
    page.wait_for_function("audio.currentTime > 0.2")
    press(page, "b")
    page.wait_for_function("audio.currentTime > 0.2")
    assert page.get_attribute("#excerpt-B", "aria-label") == "Pause excerpt B"
    press(page, "Space")
    assert page.evaluate("audio.paused")
    press(page, "Space")
    assert not page.evaluate("audio.paused")
    press(page, "ArrowLeft", "ArrowRight")
    assert page.locator("[aria-pressed=true]").all_inner_texts() == ["A", "B"]
    assert page.inner_text("#count") == "1 of 3 answered"
    press(page, "Enter")
    assert page.evaluate("document.activeElement.textContent") == "Pair 2 of 3"
    assert page.evaluate("audio.paused")


def test_the_result_is_shown_when_the_test_is_finished_and_answers_are_saved(page, tmp_path):
    # Prefers A, and names B as the model's, in each pair.
    for _ in MODELS:
        press(page, "a", "b", "ArrowLeft", "ArrowRight", "Enter")
    assert page.is_hidden("#result")
    page.click("#finish")
    assert page.inner_text("#fooled").startswith("You took the real piece for the model's in 1 of 3 pairs (33 %).")
    assert page.inner_text("#preferred") == "You preferred the model's in 1 of 3 pairs (33 %)."
    assert page.get_attribute("#question-named .truth", "aria-label") == "B, the model's"
    assert page.locator(".side:enabled").count() == 0
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "answers.csv")
    rows = list(csv.DictReader((tmp_path / "answers.csv").open()))
    assert [(row["pair"], row["model"], row["named"], row["preferred"]) for row in rows] == [
        ("1", "A", "B", "A"),
        ("2", "B", "B", "A"),
        ("3", "B", "B", "A"),
    ]
    assert download.value.suggested_filename == f"answers-{rows[0]['listener']}.csv"


def test_answers_outlast_the_page_until_another_listener_begins(page):
    press(page, "a", "b", "ArrowLeft", "ArrowRight")
    page.reload()
    assert page.inner_text("#heading") == "Pair 2 of 3"
    assert page.inner_text("#count") == "1 of 3 answered"
    listener = page.evaluate("kept.listener")
    page.click("#finish")
    page.click("#again")
    page.wait_for_function("document.getElementById('count').textContent === '0 of 3 answered'")
    assert page.evaluate("kept.listener") != listener


def test_where_storage_is_denied_the_page_says_so(page):
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })")
    page.reload()
    press(page, "a", "b", "ArrowLeft")
    assert page.is_visible("#kept")
    assert page.locator("[aria-pressed=true]").count() == 1
