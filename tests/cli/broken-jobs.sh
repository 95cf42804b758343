#!/bin/sh
# broken-jobs.sh - an exec source with one good record and two broken ones.
# SPDX-License-Identifier: MIT
[ "$1" = poll ] || exit 0
echo '{"binnacle":1}'
echo '{"record":"pipeline","key":"good","status":"healthy"}'
echo '{"record":"pipeline","status":"healthy"}'
echo '{broken'
echo '{"complete":true}'
