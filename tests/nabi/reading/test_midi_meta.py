import pytest

from nabi.reading import midi_meta


@pytest.mark.parametrize(("data", "quarters"), [(b"\x07\xa1\x20", 120.0), (b"\x00\x00\x00", None), (b"\x07", None)])
def test_tempo(data, quarters):
    assert midi_meta.tempo(data) == quarters


@pytest.mark.parametrize(
    ("data", "text"), [(bytes([6, 3, 24, 8]), "6/8"), (bytes([0, 2]), None), (bytes([4, 200]), None), (b"", None)]
)
def test_time_signature(data, text):
    assert midi_meta.time_signature(data) == text


@pytest.mark.parametrize(
    ("data", "text"), [(bytes([254, 1]), "G minor"), (bytes([254, 0]), "Bb major"), (bytes([9, 0]), None)]
)
def test_key_signature(data, text):
    assert midi_meta.key_signature(data) == text


@pytest.mark.parametrize("sharps", range(-7, 8))
@pytest.mark.parametrize("mode", [0, 1])
def test_every_key_signature_is_written_as_it_is_read(sharps, mode):
    data = bytes([sharps % 256, mode])
    assert midi_meta.key_signature_bytes(str(midi_meta.key_signature(data))) == data


@pytest.mark.parametrize("text", ["H major", "C dorian", "G# major"])
def test_no_such_key(text):
    with pytest.raises(ValueError, match="key signature"):
        midi_meta.key_signature_bytes(text)


@pytest.mark.parametrize("text", ["4/5", "0/4", "300/4", "x"])
def test_no_such_time_signature(text):
    with pytest.raises(ValueError, match="time signature"):
        midi_meta.time_signature_bytes(text)
