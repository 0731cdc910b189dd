import json
import multiprocessing

import pytest

from nabi.workspace import champion, paths, storage


@pytest.fixture
def output(tmp_path):
    for run in "abc":
        paths.complete(str(tmp_path / "runs" / run / "model"), {"request": run, "content": "c"})
    return str(tmp_path)


def promote_in_turn(output, *names):
    for name in names:
        champion.promote(output, name, champion.read(output))


def test_a_directory_without_a_champion_has_none(output):
    assert champion.read(output) == champion.Champion()


def test_the_champions_before_are_remembered(output):
    promote_in_turn(output, "a", "b", "c")
    found = champion.read(output)
    assert (found.run, found.before) == ("c", ("b", "a"))


def test_of_two_that_saw_the_same_champion_one_is_promoted(output):
    promote_in_turn(output, "a")
    seen = champion.read(output)
    champion.promote(output, "b", seen)
    with pytest.raises(storage.ChangedError):
        champion.promote(output, "c", seen)
    assert champion.read(output).run == "b"


def _promote(output, name, results):
    seen = champion.Champion()
    try:
        champion.promote(output, name, seen)
        results.put(name)
    except storage.ChangedError:
        results.put(None)


@pytest.mark.slow
def test_of_many_processes_at_once_one_promotes(output):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_promote, args=(output, f"run{index}", results)) for index in range(8)]
    for worker in workers:
        worker.start()
    said = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    (winner,) = [name for name in said if name]
    assert champion.read(output).run == winner


def test_a_rollback_goes_back_one_by_one_and_remembers_what_it_withdrew(output):
    promote_in_turn(output, "a", "b", "c")
    assert champion.rollback(output).run == "b"
    assert champion.rollback(output).run == "a"
    assert champion.read(output).withdrawn == ("b", "c")
    with pytest.raises(ValueError, match="no champion before a to go back to"):
        champion.rollback(output)


def test_a_rollback_to_a_run_that_is_gone_is_refused(output):
    promote_in_turn(output, "a", "gone", "b")
    with pytest.raises(ValueError, match=r"the champion before b was gone, but .* is not there any more"):
        champion.rollback(output)
    assert champion.read(output).run == "b"


def test_what_an_older_version_wrote_is_read(output):
    storage.write_text(f"{output}/champion", json.dumps({"run": "a"}))
    assert champion.read(output).run == "a"


@pytest.mark.parametrize(
    "content", ["{", "", "[]", "7", "null", "{}", '{"run": ""}', '{"run": null}', '{"run": "../a"}',
                '{"run": "a", "before": "b", "withdrawn": [7]}'],
)  # fmt: skip
def test_a_damaged_file_is_named(output, content):
    storage.write_text(f"{output}/champion", content)
    with pytest.raises(ValueError, match="champion does not name a run"):
        champion.read(output)
