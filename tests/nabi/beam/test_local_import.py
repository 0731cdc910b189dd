import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

_CODE = """
import sys
from nabi.beam.options import beam_options, open_pipeline

options = beam_options({flags})
print("google.api_core" in sys.modules)
from google.cloud import storage
import apache_beam as beam

with open_pipeline(options) as pipeline:
    _ = pipeline | beam.Create([1, 2]) | beam.Map(print)
"""


@pytest.mark.parametrize(("flags", "imported"), [([], "False"), (["--runner=DirectRunner"], "True")])
def test_beam_is_imported_without_clients_of_clouds_unless_a_flag_names_an_engine(flags, imported):
    command = [sys.executable, "-W", "ignore", "-c", _CODE.format(flags=flags)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [imported, "1", "2"]
