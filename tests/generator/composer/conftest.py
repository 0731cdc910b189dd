"""The scripts of the page that composes, in the Chromium of the system."""

import json

import pytest

from generator.composer import page


@pytest.fixture(scope="module")
def scripts(browser):
    """A blank page with the scripts of the worker and those that write and read notes, without the page's own."""
    opened = browser.new_page()
    opened.goto("about:blank")
    names = (*page.SAMPLING, "quantise", "spelling", "midi_writer", "midi_reader")
    opened.add_script_tag(content=page.script(names))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def run(scripts):
    """run(model, script, argument) -> the value of the script, which knows the model's `sampler` and `tables`."""
    loaded = []

    def evaluated(model, script, argument=None, precision="float32"):
        from generator.composer import tables, weights

        if loaded[-1:] != [(model, precision)]:
            entries, content = weights.packed(weights.tensors(model.model, precision))
            data = {"tensors": entries, "tables": tables.compiled(model), "residual": page.residual(model)}
            scripts.evaluate(
                """({ data, content }) => {
                  const { tensors, tables, residual } = JSON.parse(data);
                  const arithmetic = new Arithmetic(bytesOfTensors(tensors) + 2 ** 20, mostRowsOf(tensors));
                  const weights = unpackTensors(tensors, content, arithmetic);
                  const network = new Network(arithmetic, weights, tables, residual);
                  Object.assign(globalThis, { tables, network, sampler: new Sampler(network, tables) });
                }""",
                {"data": json.dumps(data), "content": content},
            )
            loaded.append((model, precision))
        return scripts.evaluate(script, argument)

    return evaluated
