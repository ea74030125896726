#!/bin/sh
# Makes the namespace of TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS, with the search attributes that Longhaul's jobs carry.
# Harmless when they are there already.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
retention=720h # a closed execution can be looked at for 30 days; its job's row stays

# The server answers its port before it serves, and takes seconds to hear of a namespace just made.
tries=${NAMESPACE_TRIES:-60}
retry() {
	left=$tries
	until "$@"; do
		left=$((left - 1))
		if [ "$left" -le 0 ]; then
			echo "gave up after $tries tries: $*" >&2
			return 1
		fi
		sleep 1
	done
}

have_namespace() {
	temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
		temporal operator namespace create --namespace "$namespace" --retention "$retention"
}

have_attribute() {
	temporal operator search-attribute list --namespace "$namespace" --output json | grep -q "\"$1\"" ||
		temporal operator search-attribute create --namespace "$namespace" --name "$1" --type Keyword
}

retry temporal operator cluster health
retry have_namespace
retry temporal operator namespace update --namespace "$namespace" --retention "$retention"
for attribute in JobType JobKind Tenant RequestedBy; do
	retry have_attribute "$attribute"
done
echo "namespace $namespace is ready"
