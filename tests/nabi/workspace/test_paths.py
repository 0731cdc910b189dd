import pytest

from nabi.workspace import paths, storage


def begin(folder, request="r1", overwrite=False):
    return paths.begin(str(folder), "dataset", request, overwrite)


def finished(folder, request="r1"):
    begin(folder, request)
    (folder / "data").write_text("x")
    paths.complete(str(folder), {"request": request, "content": "c"})


def test_names():
    assert paths.shard_name("train", 3, 16) == "train-00003-of-00016.tfrecord"
    assert paths.rows_name("ledger", 0, 1) == "ledger-00000-of-00001.jsonl"
    assert paths.song_name(7) == "song-00007"


def test_a_fingerprint_does_not_depend_on_the_order_of_keys():
    assert paths.fingerprint({"a": 1, "b": [2]}) == paths.fingerprint({"b": [2], "a": 1})
    assert paths.fingerprint({"a": 1}) != paths.fingerprint({"a": 2})


def test_a_fingerprint_of_many_is_that_of_their_list():
    values = [{"b": 1, "a": ["é"]}, None, ["x", 2.5]]
    assert paths.fingerprint_all(iter(values)) == paths.fingerprint(values)
    assert paths.fingerprint_all([]) == paths.fingerprint([])


def test_an_object_must_have_its_keys(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"a": 1, "b": null}')
    assert paths.read_object(str(path), "a", "b") == {"a": 1, "b": None}
    with pytest.raises(ValueError, match=r"config\.json has no 'c', 'd': it is damaged or was written by something"):
        paths.read_object(str(path), "a", "c", "d")
    path.write_text("[]")
    with pytest.raises(ValueError, match="has no 'a'"):
        paths.read_object(str(path), "a")


def test_a_whole_directory_of_the_same_request_is_left_alone(tmp_path):
    finished(tmp_path)
    assert not begin(tmp_path)
    assert (tmp_path / "data").exists()


def test_a_whole_directory_of_another_request_needs_overwrite(tmp_path):
    finished(tmp_path)
    with pytest.raises(ValueError, match="--overwrite"):
        begin(tmp_path, "r2")
    assert begin(tmp_path, "r2", overwrite=True)
    assert not (tmp_path / "data").exists()


def test_an_unfinished_directory_is_kept_for_its_request_and_cleared_for_another(tmp_path):
    begin(tmp_path)
    (tmp_path / "data").write_text("x")
    assert begin(tmp_path)
    assert (tmp_path / "data").exists()
    assert begin(tmp_path, "r2")
    assert not (tmp_path / "data").exists()


def test_a_folder_of_somebody_elses_files_is_never_cleared(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ValueError, match="holds files that are no dataset"):
        begin(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_what_must_be_whole_says_what_to_run(tmp_path):
    with pytest.raises(ValueError, match=r"does not exist, or is empty: run `python -m x` first"):
        paths.require_completed(str(tmp_path / "none"), "model", "python -m x")
    begin(tmp_path)
    with pytest.raises(ValueError, match="is not finished"):
        paths.require_completed(str(tmp_path), "model", "python -m x")


def test_json_that_is_none_is_named(tmp_path):
    storage.write_text(str(tmp_path / "a.json"), "{")
    with pytest.raises(ValueError, match=r"a\.json is not JSON"):
        paths.read_json(str(tmp_path / "a.json"))


def test_a_directory_whose_clearing_was_interrupted_is_still_ours(tmp_path, monkeypatch):
    finished(tmp_path)
    (tmp_path / "zzz").write_text("x")
    delete = storage.delete
    monkeypatch.setattr(storage, "delete", lambda path: delete(path) if path.endswith("COMPLETED") else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        begin(tmp_path, "r2", overwrite=True)
    monkeypatch.undo()
    assert begin(tmp_path, "r2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["UNFINISHED"]


def test_the_rows_of_a_directory_are_found_in_order_whatever_its_name(tmp_path):
    folder = tmp_path / "a[1]*"
    written = [str(folder / paths.rows_name("ledger", index, 3)) for index in (2, 0, 1)]
    for path in [
        *written,
        str(folder / "sub" / "ledger-00000-of-00001.jsonl"),
        str(folder / "songs-00000-of-00001.jsonl"),
    ]:
        paths.write_rows(path, [])
    assert paths.rows_paths(f"{folder}/", "ledger") == sorted(written)
    assert paths.rows_paths(str(tmp_path / "none"), "ledger") == []


def test_rows_hold_any_text(tmp_path):
    rows = [{"name": "line\u2028separator\x85\n"}, {"name": "no text: \udce9"}]
    paths.write_rows(str(tmp_path / "rows.jsonl"), rows)
    assert paths.read_rows(str(tmp_path / "rows.jsonl")) == rows
