-- severity: warn
-- doc: A data product misses what it promises; critical where it does so by far (one and a half times its freshness, twice what a share may lack, a deadline that has passed). Not of dormant or retired ones.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 9 AS about_kind, e.key AS about_key, min(o.since) AS since,
	group_concat(CASE WHEN o.sli = 'deadline' THEN 'not ready at ' || substr(o.text, 1, 5)
		ELSE o.sli || ' ' || o.text || ' missed' END, ', ') AS title,
	group_concat(o.detail, '; ') AS message,
	CASE WHEN max(o.state = 11) THEN 'crit' ELSE 'warn' END AS severity
FROM entity_now e JOIN objective o ON o.product_id = e.id
WHERE e.kind = 9 AND NOT e.stale AND e.status <> 7 AND o.gone_at IS NULL
	AND (o.state = 11 OR (o.state = 10 AND o.sli <> 'deadline'))
GROUP BY e.id
