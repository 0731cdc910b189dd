import pytest

from trainer.sharing import licences


def data(*rows: tuple[str, str, int]) -> dict:
    return {"licences": [{"corpus": corpus, "licence": licence, "songs": songs} for corpus, licence, songs in rows]}


OTHER = {"license": "other", "license_name": "licences-of-the-training-music", "license_link": "LICENSE.md"}


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        (data(("", "CC-BY-SA-4.0", 3)), {"license": "cc-by-sa-4.0"}),
        (data(("", "CC-BY-SA-4.0", 3), ("", "", 1)), OTHER),
        (data(("", "all rights reserved", 3)), OTHER),
        (data(("bach-chorales", "", 3)), OTHER),
        (None, OTHER),
    ],
)
def test_a_hub_is_told_a_licence_only_if_it_is_that_of_all_songs(facts, fields):
    assert licences.hub_fields(facts) == fields


def test_songs_without_a_licence_are_said_to_have_none():
    rows = licences.table(data(("bach-chorales", "", 348), ("", "", 2), ("", "CC0-1.0", 1)))
    assert rows[2].startswith("| 348 | chorales by Johann Sebastian Bach (1685-1750), whose music is in the public ")
    assert rows[3] == "| 2 | no licence is stated beside the files: ask whoever trained the model |"
    assert rows[4] == "| 1 | CC0-1.0 |"
    assert licences.table(None) == [licences.UNKNOWN]


def test_a_licence_of_somebody_elses_making_stays_in_its_cell():
    assert licences.table(data(("", "<b>|x|</b> [y](z)", 1)))[2] == r"| 1 | \<b\>\|x\|\</b\> \[y\](z) |"
