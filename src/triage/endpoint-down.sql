-- severity: crit
-- doc: An endpoint does not answer, or not with what it should.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 5 AS about_kind, e.key AS about_key, e.since,
	CASE WHEN e.http_status > 0 THEN 'down, answers ' || e.http_status ELSE 'down' END AS title,
	e.message
FROM endpoint_now e WHERE e.status_now = 11
