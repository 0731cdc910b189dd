"""Names of primers that are songs of a dataset, such as `test:NAME`."""

from nabi.music.windows import SPLITS


def split_and_song(primer: str) -> tuple[str, str]:
    """Splits `test:NAME` into the split and the name of a song, "" for all of its songs; ("", "") for other primers.

    >>> split_and_song("test:Air.mid"), split_and_song("train"), split_and_song("./test:Air.mid")
    (('test', 'Air.mid'), ('train', ''), ('', ''))
    """
    split, _, name = primer.partition(":")
    return (split, name) if split in SPLITS else ("", "")
