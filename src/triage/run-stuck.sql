-- severity: warn
-- doc: A run has been waiting in a queue for more than ten minutes.
-- SPDX-License-Identifier: MIT
SELECT r.source AS about_source, 2 AS about_kind, r.key AS about_key,
	coalesce(r.queued_at, r.since, r.first_seen_at) AS since, 'stuck in the queue' AS title, r.message
FROM run_now r
WHERE r.status_now = 1 AND coalesce(r.queued_at, r.since, r.first_seen_at) < now() - 600000
