import re

import pytest

from generator.listening import answers

HEAD = "test,listener,pair,model,named,preferred\r\n"


def write(tmp_path, text, name="answers.csv"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def of(fooled, preferred, total, listener="k3x9", first=1):
    """Lines of so many answers, fooled first."""
    return "".join(
        f"t1,{listener},{first + at},A,{'B' if at < fooled else 'A'},{'A' if at < preferred else 'B'}\r\n"
        for at in range(total)
    )


@pytest.mark.parametrize(
    ("fooled", "sentence"),
    [
        (4, "The listeners tell the model's songs from real ones"),
        (9, "The answers do not differ from chance (50 %)"),
        (16, "The listeners take real songs for the model's more often than by chance"),
    ],
)
def test_the_share_fooled_is_told_with_its_interval_and_against_chance(tmp_path, fooled, sentence):
    text = answers.score(answers.read([write(tmp_path, HEAD + of(fooled, 5, 20))]))
    assert text.startswith(f"20 answers of 1 listener to 20 pairs\nfooled:                 {fooled} of 20, ")
    assert "preferred the model's:  5 of 20, 25.0 % (95 % interval 11.2 to 46.9 %, Wilson 1927)" in text
    assert sentence in text


def test_several_listeners_are_counted_together_and_each_alone(tmp_path):
    files = [
        write(tmp_path, HEAD + of(1, 0, 3, "ada"), "a.csv"),
        write(tmp_path, "\ufeff" + HEAD + of(2, 0, 2, "bob"), "b.csv"),
    ]
    text = answers.score(answers.read(files))
    assert text.startswith("5 answers of 2 listeners to 3 pairs\nfooled:                 3 of 5, 60.0 %")
    assert text.endswith("\n  ada: fooled in 1 of 3\n  bob: fooled in 2 of 2")


def test_a_few_answers_are_said_to_be_too_few(tmp_path):
    text = answers.score(answers.read([write(tmp_path, HEAD + of(0, 0, 3))]))
    assert "So few answers show no difference from chance (50 %), whatever they are; 4 can." in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no answers: its first line must be test,listener,pair,model,named,preferred"),
        ("a,b\r\n1,2\r\n", "has no answers: its first line must be"),
        (HEAD, "has no answer below its first line"),
        (f"{HEAD}t1,k3x9,1,A,C,A\r\n", "line 2: t1,k3x9,1,A,C,A is no answer"),
        (f"{HEAD}t1,k3x9,1\r\n", "line 2: t1,k3x9,1 is no answer"),
        (HEAD + of(1, 1, 1) + of(1, 1, 1), "two answers of listener k3x9 to pair 1"),
        (f"{HEAD}t1,k3x9,1,A,A,A\r\nt2,k3x9,1,A,A,A\r\n", "answers to 2 tests (t1, t2): score each test alone"),
    ],
)
def test_what_is_no_file_of_answers_is_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        answers.read([write(tmp_path, text)])
