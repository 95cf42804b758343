#!/bin/sh
# disks.sh - a whole plugin: each mounted file system is an app, degraded when it is over 90 % full.
# SPDX-License-Identifier: MIT
[ "$1" = poll ] || { echo '{"error":"only poll is understood"}'; exit 1; }
echo '{"binnacle":1}'
df -P "${DISKS_DF:-/}" | awk 'NR > 1 {
	status = $5 + 0 > 90 ? "degraded" : "healthy"
	printf "{\"record\":\"entity\",\"kind\":\"app\",\"key\":\"disk%s\",\"status\":\"%s\",\"raw_status\":\"%s\"}\n", $6, status, $5
	printf "{\"record\":\"measure\",\"about\":\"app/disk%s\",\"name\":\"used\",\"value\":%d,\"unit\":\"%%\"}\n", $6, $5
}'
echo '{"complete":true}'
