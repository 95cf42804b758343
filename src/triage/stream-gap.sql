-- severity: warn
-- doc: Minutes of a stream without a record: closed, settled, looked for and not there; or there by now, but late. It stays for an hour, so that nobody misses it; critical while fifteen or more are missing and the latest is among them.
-- SPDX-License-Identifier: MIT
WITH hour AS (
	SELECT m.entity_id, count(*) - count(m.filled_at) AS missing, count(m.filled_at) AS late,
		min(m.at) AS first, max(m.at) AS last, max(m.filled_at) AS filled,
		max(CASE WHEN m.filled_at IS NULL THEN m.at END) AS open
	FROM stream_minute m WHERE m.at >= now() - 3600000 AND m.missed_at <= now()
	GROUP BY m.entity_id
)
SELECT e.source AS about_source, 6 AS about_kind, e.key AS about_key,
	-- it began with the first one that no other was missed in the hour before
	(SELECT max(x.at) FROM stream_minute x WHERE x.entity_id = h.entity_id
		AND x.missed_at IS NOT NULL AND x.at > now() - 86400000 AND NOT EXISTS (
			SELECT 1 FROM stream_minute y WHERE y.entity_id = x.entity_id
			AND y.missed_at IS NOT NULL AND y.at < x.at AND y.at >= x.at - 3600000)) AS since,
	CASE WHEN h.missing = 0 THEN h.late || ' min late' WHEN h.late = 0 THEN h.missing || ' min missing'
		ELSE h.missing || ' min missing, ' || h.late || ' late' END AS title,
	'from ' || strftime('%H:%M', h.first / 1000, 'unixepoch') || ' to '
		|| strftime('%H:%M', h.last / 1000, 'unixepoch') || ' UTC'
		|| CASE WHEN h.missing = 0 THEN '; all there at '
			|| strftime('%H:%M:%S', h.filled / 1000, 'unixepoch') ELSE '' END AS message,
	CASE WHEN h.missing >= 15 AND h.open + 60000 >= st.examined_at THEN 'crit' ELSE 'warn' END AS severity
FROM hour h JOIN entity_now e ON e.id = h.entity_id JOIN stream st ON st.entity_id = e.id
