"""Writes a dataset's `report.html` again, from the dataset directory alone.

python -m pipelines.report runs/mine/dataset
"""

from collections.abc import Sequence

from nabi.workspace import job_exit, paths, storage
from nabi.workspace.commands import Parser, refusing
from pipelines.dataset_report import report_page


@refusing("report")
def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page; a dataset that cannot be read ends with one sentence and exit status 2."""
    parser = Parser("python -m pipelines.report", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="a dataset directory, local or gs://")
    folder = parser.parse_or_exit(arguments).folder
    report_page.write(folder)
    print(storage.join(folder, paths.REPORT))
    return 0


if __name__ == "__main__":
    job_exit.run(main, "report")
