-- severity: warn
-- doc: Minutes of a stream at the most that can be counted: their numbers are lower bounds, and what went beyond is lost. It stays for an hour.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 6 AS about_kind, e.key AS about_key, min(m.at) + 60000 AS since,
	'possible loss: ' || count(*) || ' min at the ceiling' AS title,
	'at ' || printf('%g', st.ceiling) || coalesce(' ' || st.unit, '')
		|| ' nothing more can be counted; the numbers from '
		|| strftime('%H:%M', min(m.at) / 1000, 'unixepoch') || ' to '
		|| strftime('%H:%M', max(m.at) / 1000, 'unixepoch') || ' UTC are lower bounds' AS message
FROM stream_minute m JOIN entity_now e ON e.id = m.entity_id JOIN stream st ON st.entity_id = e.id
WHERE m.marks & 1 AND m.at >= now() - 3600000 AND m.at <= now()
GROUP BY m.entity_id
