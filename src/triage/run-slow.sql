-- severity: warn
-- doc: A run has been going for more than one and a half times what 95 of 100 good runs of its pipeline take, and for at least a minute longer.
-- SPDX-License-Identifier: MIT
SELECT r.source AS about_source, 2 AS about_kind, r.key AS about_key,
	r.started_at + p.p95_ms * 3 / 2 AS since,
	'slow: ' || human_ms(now() - r.started_at) || ', p95 ' || human_ms(p.p95_ms) AS title,
	NULL AS message
FROM run_now r JOIN main.pipeline p ON p.entity_id = r.pipeline_id
WHERE r.status_now = 2 AND p.p95_ms > 0 AND r.started_at IS NOT NULL
	AND now() - r.started_at > p.p95_ms * 3 / 2 AND now() - r.started_at > p.p95_ms + 60000
