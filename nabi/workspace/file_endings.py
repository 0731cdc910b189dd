"""How the names of files that Nabi reads end; lower case."""

MIDI = (".mid", ".midi", ".smf", ".kar", ".rmi")
SCORES = (".xml", ".musicxml", ".mxl", ".abc", ".krn")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
# Behind the ending of a MIDI file or a score that is compressed by itself.
COMPRESSED = ".gz"
# Of all files that hold a song.
SONGS = (*MIDI, *SCORES, *(ending + COMPRESSED for ending in (*MIDI, *SCORES)))
