-- severity: warn
-- doc: The live version of a model does worse than the one that was live before it, by the declared number of their training runs (`metric`, `better`).
-- SPDX-License-Identifier: MIT
WITH pair AS (
	SELECT v.source, v.key, v.metric, v.better, v.live_from,
		(SELECT q.value FROM measure q WHERE q.entity_id = v.id AND q.name = 'eval:' || v.metric) AS now_is,
		(SELECT p.version_id FROM live_now p WHERE p.model_id = v.model_id AND p.version <> v.version
			AND p.ended IS NOT NULL ORDER BY p.ended DESC LIMIT 1) AS before_id
	FROM version_now v WHERE v.live AND NOT v.stale AND v.metric IS NOT NULL AND v.better IS NOT NULL
)
SELECT p.source AS about_source, 4 AS about_kind, p.key AS about_key, p.live_from AS since,
	'worse than ' || b.version || ' before it' AS title,
	p.metric || ' ' || round(p.now_is, 4) || ', before it ' || round(q.value, 4) || '; '
		|| p.better || ' is better' AS message
FROM pair p JOIN model_version b ON b.entity_id = p.before_id
	JOIN measure q ON q.entity_id = p.before_id AND q.name = 'eval:' || p.metric
WHERE (p.better = 'lower' AND p.now_is > q.value) OR (p.better = 'higher' AND p.now_is < q.value)
