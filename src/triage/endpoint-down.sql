-- severity: crit
-- doc: An endpoint does not answer, or not with what it should.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 5 AS about_kind, e.key AS about_key, e.since,
	CASE WHEN n.http_status > 0 THEN 'down, answers ' || n.http_status ELSE 'down' END AS title,
	e.message
FROM entity_now e JOIN main.endpoint n ON n.entity_id = e.id
WHERE e.kind = 5 AND e.status = 11 AND NOT e.stale
