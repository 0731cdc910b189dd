#!/usr/bin/env bash
# Looks for known vulnerabilities in a container image that lies on this machine; fails if one is critical.
#   deploy/scan.sh IMAGE LOCATION        LOCATION: us, europe or asia
set -euo pipefail
image=$1 location=$2

scan=$(gcloud artifacts docker images scan "$image" --location="$location" --format='value(response.scan)')
found=$(gcloud artifacts docker images list-vulnerabilities "$scan" --location="$location" \
    --format='value(vulnerability.effectiveSeverity,vulnerability.shortDescription)')

critical=$(grep -c '^CRITICAL' <<<"$found" || true)
if [ "$critical" -gt 0 ]; then
    grep '^CRITICAL' <<<"$found" >&2
    echo "$image has $critical critical vulnerabilities: raise the version in deploy/*/Dockerfile, or run make lock" >&2
    exit 1
fi
echo "$image has no critical vulnerability"
