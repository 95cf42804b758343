-- severity: warn
-- doc: A run has been going for more than one and a half times what 95 of 100 good runs of its pipeline take, and for at least a minute longer.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 2 AS about_kind, e.key AS about_key,
	r.started_at + p.p95_ms * 3 / 2 AS since,
	'slow, usually ' || human_ms(p.p50_ms) AS title,
	'95 of 100 good runs take no longer than ' || human_ms(p.p95_ms) AS message
FROM entity_now e JOIN main.run r ON r.entity_id = e.id JOIN main.pipeline p ON p.entity_id = r.pipeline_id
WHERE e.kind = 2 AND e.status = 2 AND NOT e.stale AND p.p95_ms > 0
	AND now() - r.started_at > p.p95_ms * 3 / 2 AND now() - r.started_at > p.p95_ms + 60000
