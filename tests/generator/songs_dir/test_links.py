import pytest

from generator.songs_dir import links


@pytest.mark.parametrize(
    ("folder", "page", "found"),
    [
        ("/runs/greedy", "/runs/compare.html", "greedy"),
        ("/runs/a/greedy/", "/runs/b/compare.html", "../a/greedy"),
        ("/runs", "/runs/b/compare.html", ".."),
        ("/runs/./x/../b", "/runs/b/compare.html", ""),
        ("gs://bucket/runs/greedy", "gs://bucket/runs/compare.html", "greedy"),
        ("gs://bucket/a/greedy", "gs://bucket/b/compare.html", "../a/greedy"),
        ("gs://bucket", "gs://bucket/compare.html", ""),
    ],
)
def test_a_folder_as_a_page_links_to_it(folder, page, found):
    assert links.relative(folder, page) == found


def test_paths_are_of_where_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert links.relative("a/songs", "compare.html") == "a/songs"
    assert links.relative(str(tmp_path / "a"), "b/compare.html") == "../a"
    assert links.ends(["a/songs", "."]) == ["songs", tmp_path.name]


@pytest.mark.parametrize("folder", ["/runs/greedy", "s3://bucket/greedy", "gs://other/greedy"])
def test_no_link_leads_to_another_machine_or_bucket(folder):
    with pytest.raises(ValueError, match=f"--output gs://bucket/compare.html cannot name songs in {folder} by where"):
        links.relative(folder, "gs://bucket/compare.html")


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["/runs/sampled", "/runs/greedy"], ["sampled", "greedy"]),
        (["/a/songs", "/b/songs"], ["a/songs", "b/songs"]),
        (["/a/songs", "/b/songs", "/c"], ["a/songs", "b/songs", "c"]),
        (["gs://a/songs", "gs://b/songs"], ["a/songs", "b/songs"]),
        (["/runs/x/songs"], ["songs"]),
    ],
)
def test_names_are_as_long_as_it_takes_to_tell_them_apart(folders, names):
    assert links.ends(folders) == names


def test_a_directory_stands_once():
    with pytest.raises(ValueError, match=r"/runs/\./a is given twice"):
        links.ends(["/runs/a", "/b", "/runs/./a"])
