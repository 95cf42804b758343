#!/bin/sh
# pictures.sh - makes the README's pictures: the demo's screens at one moment, as SVG (and PNG, to be looked at).
# SPDX-License-Identifier: MIT
# usage: pictures.sh BUILD FOLDER [PNG-FOLDER]
set -eu
build=${1:?usage: pictures.sh BUILD FOLDER [PNG-FOLDER]}
folder=${2:?usage: pictures.sh BUILD FOLDER [PNG-FOLDER]}
mkdir -p "$folder"

# picture NAME SIZE KEYS: every one begins where the on-call engineer does, on Triage with all sources read.
picture() {
	"$build/tests/screen/screenshot" -s "$2" -k "<Wait:transform-hourly><Wait:src 9/9><Quiet:700>$3<Quiet:700>" \
		-o "$folder/$1-$2.svg" -- "$build/binnacle" demo --speed 0 --at 2026-03-10T03:12:44Z
	[ $# -lt 4 ] || rsvg-convert "$folder/$1-$2.svg" -o "$4/$1-$2.png"
}

picture triage 120x40 '' ${3+"$3"}
picture run 120x40 '<Enter>' ${3+"$3"}
picture triage 80x24 '' ${3+"$3"}
