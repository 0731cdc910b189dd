import tomllib

import pytest

from pipelines.config import PreprocessConfig
from pipelines.preprocessing import flags


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('song_marks = "no"', "--song_marks 'no' must be true or false: put <start> and <end>"),
        ("window = 8.5", "--window 8.5 must be a whole number at least 1: targets a record"),
        ("window = true", "--window true must be a whole number"),
        ("window = 0", "--window 0 must be at least 1"),
        ("overwrite = true", "overwrite is given by hand, --overwrite, not by a recipe"),
        ('output = "x"', "output is given by hand"),
        ("transpose = [-5, 6]", r"--transpose \[-5, 6\] must be text in quotes.*-5\.\.6.* or a list such as -2,3"),
        ('transpose = "9..1"', "--transpose '9..1'"),
        ('transpose = "-99..2"', r"must be in -60\.\.60"),
        ('time_scales = "9"', r"--time_scales '9' must be factors in 1/4\.\.4"),
        ('time_scales = "1/0"', "--time_scales '1/0'"),
        (
            'stretch = "1.1"',
            "--stretch 11/10 needs tokens that say how fast .*, not --encoding events with --time quarters",
        ),
        ('stretch = "1.1"\ntime = "seconds"\nencoding = "pitch"', "with any encoding but pitch"),
        ('stretch = "0.1"\nencoding = "band"', r"--stretch '0\.1' must be factors in 1/4\.\.4, such as 0\.95,1\.05"),
        ('velocity_scale = "0.8,1.2"', "--velocity_scale 4/5,6/5 needs --encoding band, not --encoding events"),
        ('velocity_scale = "5"\nencoding = "band"', r"--velocity_scale '5' must be factors in 1/4\.\.4"),
        (
            'velocity_scale = "2"\nencoding = "band"\nvelocity_steps = 0',
            "--velocity_scale 2 needs tokens that say velocities, not --velocity_steps 0: .*1..32",
        ),
        ("instrument = 26", "--instrument 26 must be text in quotes"),
        ('instrument = "tuba"', "instrument 'tuba'"),
        ('instrument = "128"', "0-127"),
        ('encoding = "event"', "--encoding 'event' must be one of band, bars, events"),
        ('step = "1/5"\nencoding = "grid"', "--step 1/5, with --divisors 4,3"),
        ("highest = true", "encoding 'events' has no setting highest"),
        ('divisors = "4,x"', r"--divisors '4,x' must be different whole numbers in 1\.\.64"),
        ("divisors = [0]", r"--divisors \[0\] must be"),
        ('excerpt = "4,4"', "--excerpt '4,4' must be two ascending quarter notes"),
        ('pitches = "60,59"', r"--pitches '60,59' must be two MIDI numbers 0\.\.127"),
        ('pitches = "0,128"', "--pitches '0,128'"),
        ('meters = "4,0"', "--meters '4,0' must be whole numbers, at least 1"),
        ("min_events = 0", "--min_events 0 must be at least 1"),
        ("min_events = 3\nmax_events = 2", "--min_events 3 must be at most --max_events 2"),
        ("min_steps = 3", "--min_steps 3 needs --encoding grid or steps, not --encoding events"),
        ('input = "x"', "--input 'x' must be a list of texts"),
        ("vocabulary = [60]", "must be text in quotes, or a list of texts"),
        ('vocabulary = ["C4", "C4"]', "each once"),
        ("stride = 129", r"--stride 129 must be in 1\.\.128 \(--window\)"),
        ("stride = 0", "--stride 0 must be at least 1"),
        ("split = [1, 0]", "must be three shares"),
        ('split = ["a"]', "a list of numbers"),
        ('split = "a"', "--split 'a' must be three shares"),
        ('split = "0,1,0"', "train above 0"),
        ('split = "1.5,-0.5,0"', "add up to 1"),
        ("parse_timeout = -1", "--parse_timeout -1 must be at least 0.001"),
        ("max_lost_fraction = 2", r"must be in 0\.\.1"),
        ("max_vocabulary = -1", "--max_vocabulary -1"),
        ('max_vocabulary = 0\nencoding = "pitch"', "--max_vocabulary 0 must be at least 1"),
        ('duplicates = "some"', "--duplicates 'some' must be one of drop, keep"),
        ("windwo = 8", r"unknown key windwo: did you mean window\?"),
        ("colour = 1", "unknown key colour; it must be one of input, "),
    ],
)
def test_what_is_wrong_in_a_recipe_is_told_with_its_flag(line, message):
    with pytest.raises(ValueError, match=message):
        PreprocessConfig.create(tomllib.loads(line))


def test_a_recipe_and_flags_give_the_same():
    table = """
        input = ["a", "b"]
        split = [0.8, 0.1, 0.1]
        divisors = [8, 6]
        excerpt = "16,32"
        meters = "2,4"
        transpose = "-2..1"
        time_scales = "2/4,2"
        vocabulary = "far/away.txt"
        parse_timeout = 3
        encoding = "grid"
        highest = false
    """
    config = PreprocessConfig.create(tomllib.loads(table))
    assert (config.input, config.split, config.divisors) == (("a", "b"), (0.8, 0.1, 0.1), (8, 6))
    assert (config.selection.excerpt, config.limits.meters) == ((16, 32), (2, 4))
    assert (config.transpose, config.time_scales) == ((-2, -1, 0, 1), ("1/2", "2"))
    assert (config.vocabulary, config.parse_timeout, config.highest) == ("far/away.txt", 3.0, False)
    parsed = PreprocessConfig.given(flags.parser().parse_args(config.as_flags()))
    assert PreprocessConfig.create(parsed) == config


@pytest.mark.parametrize(
    ("settings", "renditions"),
    [
        ({}, []),
        ({"time_scales": "2"}, ["*2"]),
        ({"encoding": "band", "stretch": "1.1,0.8"}, ["*tempo:10/11", "*tempo:5/4"]),
        ({"encoding": "band", "time": "seconds", "stretch": "1.1"}, ["*stretch:11/10"]),
        ({"time": "seconds", "stretch": "1.1"}, ["*stretch:11/10"]),
        ({"encoding": "band", "velocity_scale": "0.8,1", "time_scales": "2"}, ["*2", "*velocity:4/5"]),
    ],
)
def test_each_factor_is_one_more_rendition(settings, renditions):
    assert [str(rendition) for rendition in PreprocessConfig.create(settings).renditions] == renditions


def test_what_a_recipe_may_not_say_are_the_other_flags():
    own = {name.removeprefix("--") for name in flags.parser().flags()} - {"help"}
    settings = {name.removeprefix("--") for name in PreprocessConfig.flags()}
    assert own - settings == set(PreprocessConfig.BY_HAND)
