#!/usr/bin/env bash
# Writes the digest that each image tag has in its registry now into Dockerfile and compose.yaml
# (`name:tag@sha256:…`), so that a build uses exactly the images that were reviewed. Needs Docker with
# buildx and the network. With --check it changes nothing and fails if an image has no digest.
set -euo pipefail
cd "$(dirname "$0")/.."

files=(Dockerfile compose.yaml)
# Prints the images after FROM or `image:`, without the names of earlier build stages.
images() {
  sed -nE 's/^FROM +([^ ]+:[^ ]+).*/\1/p; s/^ +image: +([^ ]+)$/\1/p' "${files[@]}" | sort -u
}

floating=$(images | grep -v '@sha256:[0-9a-f]\{64\}$' || true)
if [ "${1:-}" = --check ]; then
  [ -z "$floating" ] && exit 0
  echo "these images have no digest; run scripts/pin-images.sh: ${floating//$'\n'/, }" >&2
  exit 1
fi

for image in $(images); do
  tag="${image%@*}"
  digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$tag")
  [[ "$digest" =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "no digest of $tag: $digest" >&2; exit 1; }
  sed -i "s|$image\\b|$tag@$digest|" "${files[@]}"
  echo "$tag@$digest"
done
