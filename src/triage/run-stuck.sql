-- severity: warn
-- doc: A run has been waiting in a queue for more than ten minutes.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 2 AS about_kind, e.key AS about_key,
	coalesce(r.queued_at, e.since, e.first_seen_at) AS since, 'stuck in the queue' AS title, e.message
FROM entity_now e JOIN main.run r ON r.entity_id = e.id
WHERE e.kind = 2 AND e.status = 1 AND NOT e.stale
	AND coalesce(r.queued_at, e.since, e.first_seen_at) < now() - 600000
