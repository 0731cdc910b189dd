"""How often songs of the page that composes are those of Python, and how fast they are sampled, in Chromium.

    python -m benchmarks.composer_page MODEL --songs 100 --seed 1

A token differs where a random number falls within rounding of the border between two tokens: Python sums products in
float32, the page in float64. From there on the two songs are different ones.
"""

import argparse
import pathlib
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any

from generator.composer import page
from generator.sampling.stepper import use_one_thread
from generator.songs import sampling_defaults
from generator.songs.preparation import prepare
from generator.songs.song_sampler import SongSampler
from nabi.music import encodings
from nabi.networks import trained_model
from nabi.workspace import directories

_ASK = """([settings, number]) => new Promise((resolve, reject) => {
  const { tables } = JSON.parse(document.getElementById("data").textContent);
  const key = tables.keys.findIndex((one) => one.name === settings.key);
  worker.onmessage = ({ data: message }) => {
    if (message.type === "error") reject(new Error(message.message));
    if (message.type === "song") resolve({ seconds: message.seconds, tokens: message.song.tokens });
  };
  worker.postMessage({ type: "sample", id: number + 1, number, settings: { ...settings, key, primer: null } });
})"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a line for each song that differs, and the figures of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--songs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args(arguments)
    use_one_thread()
    folder = directories.model(flags.model)
    model = trained_model.load(folder)
    given = {"num_songs": flags.songs, "seed": flags.seed}
    config = sampling_defaults.load(folder).with_given(given)
    with tempfile.TemporaryDirectory() as place:
        ready = prepare(model, folder, config, place)
        expected = SongSampler(model, ready.config, ready.primers, ready.index).sample(range(flags.songs))
        path = pathlib.Path(place, "page.html")
        path.write_text(page.page(model, config, title="benchmark", precision="float32"), encoding="utf-8")
        sampled = _in_browser(path.as_uri(), config.as_dict(), flags.songs)
    equal, tokens, music, seconds, speeds = 0, 0, 0.0, 0.0, []
    for song, own in zip(expected, sampled, strict=True):
        tokens += len(own["tokens"])
        length = _seconds(model.vocabulary.decode(own["tokens"]), model.encoding, config.tempo)
        music, seconds = music + length, seconds + own["seconds"]
        speeds.append(length / own["seconds"])
        equal += own["tokens"] == list(song.tokens)
        if own["tokens"] != list(song.tokens):
            same = zip(own["tokens"], song.tokens, strict=False)
            print(f"song {song.song} differs after {next((at for at, (a, b) in enumerate(same) if a != b), 0)} tokens")
    print(f"{equal} of {flags.songs} songs are equal, {tokens:,} tokens; {music:,.0f} s of music in {seconds:,.1f} s:")
    print(f"{music / seconds:.1f} times as fast as it plays (the fastest song {max(speeds):.1f}), a song in", end=" ")
    print(f"{seconds / flags.songs:.2f} s, {config.candidates} sampled for each")


def _in_browser(address: str, settings: dict[str, Any], songs: int) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    plain = {name: value for name, value in settings.items() if isinstance(value, int | float | str)}
    plain["seed"] = str(plain["seed"])
    with sync_playwright() as driver, driver.chromium.launch(executable_path=shutil.which("chromium")) as browser:
        opened = browser.new_page()
        opened.goto(address)
        opened.wait_for_function("document.getElementById('status').textContent.startsWith('Ready')", timeout=120_000)
        return [opened.evaluate(_ASK, [plain, number]) for number in range(songs)]


def _seconds(tokens: Sequence[str], encoding: encodings.Encoding, tempo: float) -> float:
    return 60 / tempo * encoding.decode(tokens).end / encoding.ticks_per_quarter


if __name__ == "__main__":
    main()
