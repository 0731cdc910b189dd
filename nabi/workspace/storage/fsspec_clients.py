"""fsspec's file systems with the addresses and credentials of the environment, for `fsspec_files`.

None keeps listings, which other machines' writes would make untrue. fsspec gives the same client again to calls with
the same arguments.
"""

import os
import re
from typing import Any

from nabi.workspace.storage.file_system import StorageError

AZURE_HOST = ".blob.core.windows.net"

_ACCOUNT_NAME = re.compile(r"(?:^|;)AccountName=([^;]*)")


def s3() -> Any:
    """Makes the client of S3: at S3_ENDPOINT, as tensorflow-io has it, or else where botocore finds it."""
    import s3fs

    endpoint, region = os.environ.get("S3_ENDPOINT"), os.environ.get("AWS_REGION")
    if endpoint and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    return s3fs.S3FileSystem(
        endpoint_url=endpoint or None,
        # botocore knows AWS_DEFAULT_REGION only.
        client_kwargs={"region_name": region} if region else {},
        use_listings_cache=False,
    )


def azure(account: str) -> Any:
    """Makes the client of a storage account.

    Credentials are those that adlfs finds: AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN,
    AZURE_STORAGE_CONNECTION_STRING, `az login` and others; or TF_AZURE_STORAGE_KEY and TF_AZURE_STORAGE_SAS, as
    tensorflow-io has them.

    Raises:
      StorageError: if AZURE_STORAGE_CONNECTION_STRING is of another account.
    """
    import adlfs

    # adlfs would open that account, and not the one that is named.
    connection = _ACCOUNT_NAME.search(os.environ.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    if connection and connection[1] != account:
        raise StorageError(
            f"cannot open az://{account}: AZURE_STORAGE_CONNECTION_STRING is of the account {connection[1]}: name that "
            "in the path, or unset it"
        )
    return adlfs.AzureBlobFileSystem(
        account_name=account,
        account_key=os.environ.get("TF_AZURE_STORAGE_KEY"),
        sas_token=os.environ.get("TF_AZURE_STORAGE_SAS"),
        use_listings_cache=False,
    )


def web() -> Any:
    """Makes the client of web servers, which goes through the environment's proxies."""
    from fsspec.implementations import http

    return http.HTTPFileSystem(client_kwargs={"trust_env": True}, use_listings_cache=False)
