-- severity: info
-- doc: A run has been going for longer than the 95th percentile of the last 20 good runs of its pipeline, by what was last read of it; a warning once it is one and a half times as long and at least a minute longer.
-- SPDX-License-Identifier: MIT
WITH past AS (
	SELECT e.source, e.key, r.started_at, p.entity_id AS pipeline_id, p.p50_ms, p.p95_ms,
		now() - e.age_ms - r.started_at AS took
	FROM entity_now e JOIN run r ON r.entity_id = e.id JOIN pipeline p ON p.entity_id = r.pipeline_id
	WHERE e.kind = 2 AND e.status = 2 AND NOT e.stale AND p.p95_ms > 0
		AND now() - e.age_ms - r.started_at > p.p95_ms
)
SELECT t.source AS about_source, 2 AS about_kind, t.key AS about_key, t.started_at + t.p95_ms AS since,
	'slow, usually ' || human_ms(t.p50_ms) AS title,
	'longer than ' || human_ms(t.p95_ms) || ', the 95th percentile of the last ' || (SELECT count(*) FROM (
		SELECT 1 FROM run g JOIN entity ge ON ge.id = g.entity_id
		WHERE g.pipeline_id = t.pipeline_id AND ge.status = 3 AND g.finished_at >= g.started_at
		ORDER BY g.started_at DESC LIMIT 20)) || ' good runs' AS message,
	CASE WHEN t.took > t.p95_ms * 3 / 2 AND t.took > t.p95_ms + 60000 THEN 'warn' ELSE 'info' END AS severity
FROM past t
