-- severity: warn
-- doc: A check of the configuration (`check` in a [model] section) does not hold of the live version's numbers. A number older than a day counts for nothing.
-- SPDX-License-Identifier: MIT
WITH asked AS (
	SELECT v.source, v.key, json_extract(c.value, '$[1]') AS op, CAST(json_extract(c.value, '$[2]') AS REAL) AS bound,
		json_extract(c.value, '$[3]') AS text, coalesce(
		(SELECT m.value FROM measure m WHERE m.entity_id = v.id AND m.name = json_extract(c.value, '$[0]')
			AND (m.at >= now() - 86400000 OR m.name GLOB 'eval:*')),
		(SELECT m.value FROM measure m WHERE m.entity_id = v.model_id AND m.name = json_extract(c.value, '$[0]')
			AND m.at >= now() - 86400000)) AS value
	FROM version_now v JOIN json_each(CASE WHEN json_valid(v.checks) THEN v.checks ELSE '[]' END) c
	WHERE v.live AND NOT v.stale
)
SELECT a.source AS about_source, 4 AS about_kind, a.key AS about_key, NULL AS since,
	CASE count(*) WHEN 1 THEN 'check ' ELSE 'checks ' END || group_concat(a.text, ', ') || ' failed' AS title,
	group_concat('was ' || round(a.value, 4) || ' for ' || a.text, '; ') AS message
FROM asked a
WHERE a.value IS NOT NULL AND NOT CASE a.op WHEN '<' THEN a.value < a.bound WHEN '<=' THEN a.value <= a.bound
	WHEN '>' THEN a.value > a.bound ELSE a.value >= a.bound END
GROUP BY a.source, a.key
