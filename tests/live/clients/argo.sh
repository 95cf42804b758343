#!/bin/bash
# argo.sh - Argo's own command line, built from its Go module: `argo.sh install`, `argo.sh path`.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# The newest line that Debian 12's Go 1.19 can build.
version=v3.4.0
module=github.com/argoproj/argo-workflows/v3
program=$cache_dir/argo-$version/argo

# The module has no built web pages; Argo brings a stub for that case.
build() {
	local work=$cache_dir/argo-$version.new source
	[ ! -x "$program" ] || return 0
	need_command go golang-go
	rm -rf "$work"
	mkdir -p "$work"
	export GOPATH=$work/gopath GOCACHE=$work/gocache GOFLAGS="-modcacherw -buildvcs=false" GOTOOLCHAIN=local
	(cd "$work" && go mod download "$module@$version") ||
		missing "the Go module proxy (registry): $module could not be fetched"
	source=$work/source
	cp -R "$work/gopath/pkg/mod/$module@$version" "$source"
	cp "$source/server/static/files.go.stub" "$source/server/static/files.go"
	if ! (cd "$source" && go mod download); then
		missing "the Go module proxy (registry): what $module needs could not be fetched"
	fi
	(cd "$source" && go build -trimpath -ldflags=-s -o "$work/argo" ./cmd/argo) || die "Argo's command line could not be built"
	mkdir -p "$(dirname "$program")"
	mv "$work/argo" "$program"
	rm -rf "$work"
}

case ${1-} in
install) under_lock argo build ;;
path) printf '%s\n' "$program" ;;
*) die "usage: argo.sh install|path" ;;
esac
