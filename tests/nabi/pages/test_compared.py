from nabi.pages.charts import Bar
from nabi.pages.compared import Outline, compared
from tests.nabi.pages.elements import Elements


def test_bars_and_outlines_share_a_scale():
    drawn = compared("ours", [Bar(0.25, "a"), Bar(0.1, "b")], [Outline("theirs", [0.5, 0])], "label", [(0.5, "mid")])
    assert '<rect x="0.08" y="50.00" width=".84" height="50.00"/>' in drawn
    assert '<rect x="1.08" y="80.00" width=".84" height="20.00"/>' in drawn
    assert '<path class="second" d="M0 100V0.00H1V100.00H2V100"/>' in drawn
    assert '<p class="top">50 %</p>' in drawn
    assert Elements(drawn).text.endswith("midourstheirs")
    assert Elements(drawn).open == []


def test_bars_alone_need_no_legend():
    assert "legend" not in compared("ours", [Bar(1, "a")], [], "", [])


def test_nothing_is_drawn_as_nothing():
    for bars in ([], [Bar(0, "none")]):
        drawn = compared("ours", bars, [], "", [])
        assert "nan" not in drawn
        assert 'height="100.00"' not in drawn


def test_texts_stay_texts():
    drawn = compared("<i>", [Bar(1, "<a>")], [Outline("<b>", [1])], '"><u>', [(0, "<s>")])
    assert not {tag for tag, _ in Elements(drawn).found} & {"a", "b", "i", "u", "s"}
