"""Sends requests to Vertex AI through Google's client, and describes refusals in one sentence."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from deploy.requests import ServiceRequest

_SECONDS = 60.0
_CALL = re.compile(r"^[A-Z]+ https?://\S+: ")


class ServiceError(Exception):
    """Failure of a request, in a sentence that says what to do."""


def send(request: ServiceRequest) -> str:
    """Sends a request.

    Returns:
      The name of the created resource, such as `projects/1/locations/europe-west4/customJobs/42`.

    Raises:
      ServiceError: if the service refuses, cannot be reached, or nobody is logged in.
    """
    with _in_words(request):
        # Takes seconds to import, which --help and --dry_run do not need.
        from google.protobuf import json_format

        name = _CREATE[request.collection](request, json_format.ParseDict)
    return str(name)


def _custom_job(request: ServiceRequest, parse: Any) -> str:
    from google.cloud import aiplatform_v1 as api

    client = api.JobServiceClient(transport="rest", client_options=_options(request))
    job = api.CustomJob()
    parse(request.body, job._pb)
    return str(client.create_custom_job(parent=request.parent, custom_job=job, timeout=_SECONDS).name)


def _schedule(request: ServiceRequest, parse: Any) -> str:
    from google.cloud import aiplatform_v1 as api

    client = api.ScheduleServiceClient(transport="rest", client_options=_options(request))
    schedule = api.Schedule()
    parse(request.body, schedule._pb)
    return str(client.create_schedule(parent=request.parent, schedule=schedule, timeout=_SECONDS).name)


def _model(request: ServiceRequest, parse: Any) -> str:
    from google.cloud import aiplatform_v1 as api

    client = api.ModelServiceClient(transport="rest", client_options=_options(request))
    upload = api.UploadModelRequest()
    parse({"parent": request.parent, **request.body}, upload._pb)
    return str(client.upload_model(upload, timeout=_SECONDS).result(timeout=10 * _SECONDS).model)


_CREATE = {"customJobs": _custom_job, "schedules": _schedule, "models:upload": _model}


def _options(request: ServiceRequest) -> dict[str, str]:
    return {"api_endpoint": request.endpoint}


@contextlib.contextmanager
def _in_words(request: ServiceRequest) -> Iterator[None]:
    try:
        from google.api_core import exceptions
        from google.auth import exceptions as auth
        from requests import exceptions as network
    except ImportError as error:
        raise ServiceError(
            f"Vertex AI's client is not installed ({error}): pip install 'nabi[vertex]', or look at the request with "
            "--dry_run"
        ) from error
    try:
        yield
    except auth.DefaultCredentialsError as error:
        raise ServiceError(
            "nobody is logged in to Google Cloud: run `gcloud auth application-default login`, or start this where a "
            "service account is attached"
        ) from error
    except auth.GoogleAuthError as error:
        raise ServiceError(f"Google Cloud did not accept the login: {_sentence(str(error))}") from error
    except exceptions.GoogleAPICallError as error:
        raise ServiceError(_refused(request, int(error.code or 0), _sentence(str(error.message)))) from error
    except (exceptions.GoogleAPIError, network.RequestException) as error:
        raise ServiceError(f"{request.url} cannot be reached: {_sentence(str(error))}; try again") from error


def _refused(request: ServiceRequest, code: int, reason: str) -> str:
    """Explains an HTTP status of the service, with advice."""
    what = request.collection.partition(":")[0]
    advice = {
        400: f"the request for {what} is wrong: {reason}; look at it with --dry_run",
        401: f"Google Cloud did not accept the login ({reason}): run `gcloud auth application-default login`",
        403: f"you may not make {what} in {request.parent}: {reason}; docs/operations.md has the roles that are needed",
        404: f"there is no {request.parent}, or the Vertex AI API is not enabled there: {reason}",
        409: f"there is one of this name in {request.parent} already: {reason}",
        429: f"{request.parent} has no quota left for {what}: {reason}; ask for more, take another region or machine, "
        "or try again later",
    }
    return advice.get(code, f"Vertex AI failed with status {code}: {reason}; try again")


def _sentence(text: str) -> str:
    """Returns the first line without its full stop and without the call that the client prepends."""
    return _CALL.sub("", (text.strip().splitlines() or ["it gave no reason"])[0]).rstrip(".")
