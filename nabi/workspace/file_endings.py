"""File name extensions that Nabi reads, in lower case."""

MIDI = (".mid", ".midi", ".smf", ".kar", ".rmi")
SCORES = (".xml", ".musicxml", ".mxl", ".abc", ".krn")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
# Added to the extension of a single compressed file.
COMPRESSED = ".gz"
# Extensions of all files that hold songs.
SONGS = (*MIDI, *SCORES, *(ending + COMPRESSED for ending in (*MIDI, *SCORES)))
