#!/bin/sh
# pictures.sh - makes the README's pictures: the demo's screens at one moment, as SVG (and PNG, to be looked at).
# SPDX-License-Identifier: MIT
# usage: pictures.sh BUILD FOLDER [PNG-FOLDER]
set -eu
build=${1:?usage: pictures.sh BUILD FOLDER [PNG-FOLDER]}
folder=${2:?usage: pictures.sh BUILD FOLDER [PNG-FOLDER]}
png=${3-}
mkdir -p "$folder"

# picture NAME SIZE KEYS [TIME [SEED [END]]]: every one begins where the on-call engineer does, on Triage with all sources read.
picture() {
	"$build/tests/screen/screenshot" -s "$2" -k "<Wait:transform-hourly><Wait:src ><Quiet:2000>$3${6-<Quiet:1500>}" \
		-o "$folder/$1-$2.svg" -- "$build/binnacle" demo --speed 0 \
		--at "2026-03-10T${4-03:12:44}Z" --seed "${5-42}"
	[ -z "$png" ] || rsvg-convert "$folder/$1-$2.svg" -o "$png/$1-$2.png"
}

picture triage 120x40 ''
picture run 120x40 '<Enter>'
picture triage 80x24 ''
picture streams 120x40 '5' 03:33:50
picture models 120x40 '3<Quiet:1500>j'
picture products 120x40 '7'
picture lineage 120x40 '7<Quiet:1000>b'
picture dashboard 120x40 'B' 03:33:50
# a night in which two pipelines are red at once
picture bulk 80x24 '2<Wait:✗ ing-competitor-prices>*r<Wait:y send 2>' 03:45:00 7
picture bulk 120x40 '2<Wait:✗ ing-competitor-prices>*r<Wait:y send 2>' 03:45:00 7
picture bulk-sent 120x40 '2<Wait:✗ ing-competitor-prices>*r<Wait:y send 2><Quiet:500>cluster is back<Enter>y<Wait:1 of 2 sent>' \
	03:45:00 7 '<Quiet:300>' # its estimate counts down
