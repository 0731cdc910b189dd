"""Beam's options for work on this machine."""

from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions


class LocalOptions(PipelineOptions):
    """Options each of whose views is made once.

    Beam takes two views for each transform of a pipeline and makes a parser of flags for each view, a quarter of the
    time that building a graph takes.
    """

    def view_as(self, cls: type[PipelineOptions]) -> Any:
        """Returns the options that a class of options declares; all views share their values."""
        # Setting an attribute of options sets an option.
        views = vars(self).setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]
