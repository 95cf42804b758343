#!/bin/sh
# broken-jobs.sh - an exec source with one good record and two broken ones.
# SPDX-License-Identifier: MIT
[ "$1" = poll ] || exit 0
echo '{"binnacle":1}'
echo '{"pipeline":{"key":"good","status":"healthy"}}'
echo '{"pipeline":{"status":1}}'
echo '{broken'
echo '{"complete":true}'
