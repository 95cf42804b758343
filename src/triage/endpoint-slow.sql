-- severity: warn
-- doc: The 99th percentile of an endpoint's latency is over its objective: the platform's own figure where there is one, else that of our probes of the last ten minutes (at least ten).
-- SPDX-License-Identifier: MIT
WITH own AS (
	SELECT sr.entity_id, pt.value, pt.at,
		row_number() OVER (PARTITION BY sr.entity_id ORDER BY pt.value) AS place,
		count(*) OVER (PARTITION BY sr.entity_id) AS n
	FROM main.series sr JOIN main.point pt ON pt.series_id = sr.id
	WHERE sr.name = 'total' AND pt.at >= now() - 600000 AND pt.value IS NOT NULL
), p99 AS (
	SELECT e.id, e.source, e.key, n.slo_p99_ms, coalesce(
		(SELECT m.value FROM main.measure m WHERE m.entity_id = e.id AND m.name = 'p99'
			AND m.at >= now() - 600000),
		(SELECT min(o.value) FROM own o WHERE o.entity_id = e.id AND o.n >= 10
			AND o.place >= o.n * 0.99)) AS ms
	FROM entity_now e JOIN main.endpoint n ON n.entity_id = e.id
	WHERE e.kind = 5 AND n.slo_p99_ms > 0 AND NOT e.stale
)
SELECT p.source AS about_source, 5 AS about_kind, p.key AS about_key, NULL AS since,
	'p99 over ' || p.slo_p99_ms || 'ms' AS title,
	'p99 was ' || CAST(p.ms AS INTEGER) || 'ms when this began' AS message
FROM p99 p WHERE p.ms > p.slo_p99_ms
