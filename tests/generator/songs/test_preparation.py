"""What a model of bands cannot be asked for is said before the first song."""

import re

import pytest

from generator.config import GenerateConfig
from generator.songs import preparation
from nabi.music.encodings import Bands, Events
from nabi.networks.trained_model import TrainedModel
from tests.generator.models import vocabulary_of

CONFIG = {"dataset": {"song_marks": True}}
FAMILIES = Bands(program_families=True)


def check(encoding, **settings):
    model = TrainedModel(None, vocabulary_of(encoding), encoding, CONFIG, {})
    preparation.check_parts(model, GenerateConfig(**settings))


@pytest.mark.parametrize(
    ("encoding", "settings", "message"),
    [
        (
            Events(),
            {"parts": ("bass",)},
            "--parts needs a model whose tokens say who plays, --encoding band, not events",
        ),
        (Events(), {"drums": False}, "--drums needs a model"),
        (Bands(), {"program": 3}, "--program 3 is of songs with one part"),
        (Bands(), {"velocity": 90}, "--velocity 90 is of songs with one part"),
        (
            FAMILIES,
            {"parts": ("33",)},
            "--parts 33 has no token in the model's vocabulary, whose programs are 0, 8, 16",
        ),
        (
            FAMILIES,
            {"part_ranges": ("bass:28-55", "33:28-40")},
            "--part_ranges 33 has no token in the model's vocabulary, whose programs are 0, 8, 16",
        ),
        (Bands(), {"part_ranges": ("bass:28-55",), "lowest": 60}, "leave program 32 no note within 60..127"),
        (Bands(), {"part_ranges": ("33:61-61",), "key": "C dorian"}, "--highest) and in C dorian: widen one of them"),
    ],
)
def test_what_cannot_be_is_refused(encoding, settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check(encoding, **settings)


def test_what_can_be_is_not():
    check(FAMILIES, parts=("bass", "drums"), part_ranges=("bass:28-55",))
    check(Bands(), drums=False)
    check(Events(), program=3)


@pytest.mark.parametrize("settings", [{"parts": ("bass",)}, {"drums": True}, {"part_ranges": ("bass:28-55",)}])
def test_a_beam_search_has_no_parts_to_ask_for(settings):
    with pytest.raises(ValueError, match="needs --decoding"):
        GenerateConfig(decoding="beam", **settings)
