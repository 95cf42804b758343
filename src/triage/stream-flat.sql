-- severity: warn
-- doc: A stream has given the same value for as long as is a fault with it.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 6 AS about_kind, e.key AS about_key, min(v.since) AS since,
	min(v.title) AS title, min(v.message) AS message
FROM stream_verdict v JOIN entity_now e ON e.id = v.entity_id WHERE v.rule = 'flat'
GROUP BY v.entity_id
