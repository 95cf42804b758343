-- severity: warn
-- doc: Many retries at once were broken off (stopped, aborted, or their process ended), and of what was not sent some still needs it. Goes when the rest is planned anew, has recovered, or after a day.
-- SPDX-License-Identifier: MIT
SELECT NULL AS about_source, NULL AS about_kind, b.seq AS about_key, coalesce(b.ended_at, b.at) AS since,
	'bulk ' || b.verb || ' of ' || b.total || ' ' || replace(b.state, 'timed-out', 'timed out') || ': '
		|| b.sent || ' sent, ' || b.left || ' not' AS title,
	'record ' || b.seq || ' by ' || b.user || coalesce(': ' || b.text, '')
		|| '; the rest: retry --rest ' || b.seq AS message
FROM bulk_now b
WHERE b.state IN ('stopped', 'aborted', 'timed-out', 'interrupted') AND b.left > 0
	AND b.at > now() - 86400000
	AND NOT EXISTS (SELECT 1 FROM bulk_now r WHERE r.rest_of = b.seq)
	AND EXISTS (SELECT 1 FROM json_each(b.targets) t
		JOIN run_now r ON r.source = json_extract(t.value, '$.source') AND r.key = json_extract(t.value, '$.key')
		WHERE r.last_status = 'failed' AND NOT EXISTS (SELECT 1 FROM intent_now i
			WHERE i.parent = b.seq AND i.source = r.source AND i.key = r.key AND i.state <> 'not-sent'))
