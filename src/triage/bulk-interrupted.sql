-- severity: warn
-- doc: Many retries at once did not all go out: they were broken off (stopped, aborted, or their process ended), or something kept one from being sent; and of what was not sent some still needs it. One row for a bulk and everything that was sent as the rest of it. Not there while such a rest is being sent; goes when all is sent or has recovered, or a day after the last of them.
-- SPDX-License-Identifier: MIT
WITH recent AS MATERIALIZED (
	SELECT DISTINCT root FROM bulk_now WHERE at > now() - 86400000
), kin AS MATERIALIZED (
	SELECT k.seq, k.root, k.state, k.text, coalesce(k.ended_at, k.at) AS ended_at FROM bulk_now k
	WHERE k.at >= (SELECT f.at FROM bulk_now f WHERE f.seq = (SELECT min(root) FROM recent)) - 3600000
		AND k.root IN (SELECT root FROM recent)
), rest AS MATERIALIZED (
	SELECT b.seq, json_extract(t.value, '$.source') AS source, json_extract(t.value, '$.key') AS key
	FROM recent JOIN bulk_now b ON b.seq = recent.root JOIN json_each(b.targets) t
	WHERE NOT EXISTS (SELECT 1 FROM kin k WHERE k.root = recent.root AND k.state = 'running')
		AND NOT EXISTS (SELECT 1 FROM intent_now i JOIN kin k ON k.seq = i.parent AND k.root = recent.root
			WHERE i.kind = 'run' AND i.source = json_extract(t.value, '$.source')
				AND i.key = json_extract(t.value, '$.key') AND i.state <> 'not-sent')
), unsent AS (
	SELECT r.seq, count(*) AS left FROM rest r GROUP BY r.seq
	HAVING max(EXISTS (SELECT 1 FROM entity_now e
		WHERE e.kind = 2 AND e.source = r.source AND e.key = r.key AND status_word(e.status) = 'failed'))
)
SELECT NULL AS about_source, NULL AS about_kind, b.seq AS about_key,
	(SELECT max(k.ended_at) FROM kin k WHERE k.root = b.seq) AS since,
	'bulk ' || b.verb || ' of ' || b.total || ' ' || replace(b.state, 'timed-out', 'timed out') || ': '
		|| (b.total - u.left) || ' sent, ' || u.left || ' not' AS title,
	'record ' || b.seq || ' by ' || b.user || coalesce(': ' || b.text, '')
		|| coalesce((SELECT '; record ' || k.seq || coalesce(': ' || k.text, '') FROM kin k
			WHERE k.root = b.seq AND k.seq > b.seq ORDER BY k.seq DESC LIMIT 1), '')
		|| '; the rest: retry --rest ' || b.seq AS message
FROM unsent u JOIN bulk_now b ON b.seq = u.seq
