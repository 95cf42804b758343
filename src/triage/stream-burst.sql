-- severity: info
-- doc: More records in a minute of a stream than are expected, by its factor: late ones coming at once, or the same twice.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 6 AS about_kind, e.key AS about_key, min(m.at) AS since,
	printf('%g', max(m.value)) || ' records where ' || printf('%g', st.expect) || CASE st.expect
		WHEN 1 THEN ' is' ELSE ' are' END || ' expected' AS title,
	'in ' || count(*) || ' min from ' || strftime('%H:%M', min(m.at) / 1000, 'unixepoch') || ' UTC'
		AS message
FROM stream_minute m JOIN entity_now e ON e.id = m.entity_id JOIN stream st ON st.entity_id = e.id
WHERE m.marks & 2 AND m.at >= now() - 3600000 AND m.at <= now()
GROUP BY m.entity_id
