-- severity: warn
-- doc: The value of a stream is where its section calls that a warning, or bad, for as long as it says; bad is critical.
-- SPDX-License-Identifier: MIT
WITH beyond AS (
	-- a level that is no longer configured holds no more
	SELECT v.entity_id, v.since, v.title, v.message, v.other GLOB 'bad *' AS bad
	FROM stream_verdict v JOIN stream st ON st.entity_id = v.entity_id
	WHERE v.rule = 'level' AND EXISTS (
		SELECT 1 FROM json_each(CASE WHEN json_valid(st.checks) THEN st.checks ELSE '[]' END) c
		WHERE json_extract(c.value, '$.text') = v.other)
)
SELECT e.source AS about_source, 6 AS about_kind, e.key AS about_key,
	(SELECT min(b.since) FROM beyond b WHERE b.entity_id = w.entity_id) AS since,
	w.title AS title, w.message AS message,
	CASE max(w.bad) WHEN 1 THEN 'crit' ELSE 'warn' END AS severity
FROM beyond w JOIN entity_now e ON e.id = w.entity_id GROUP BY w.entity_id
