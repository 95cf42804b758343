-- severity: warn
-- doc: An endpoint answers, but something asserted about its answer does not hold.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 5 AS about_kind, e.key AS about_key, e.since,
	coalesce((SELECT group_concat(json_extract(a.value, '$[0]'), ', ') FROM json_each(n.asserts) a
		WHERE json_extract(a.value, '$[1]') <> 'ok') || ' failed', e.raw_status, 'degraded') AS title,
	e.message
FROM entity_now e JOIN main.endpoint n ON n.entity_id = e.id
WHERE e.kind = 5 AND e.status = 10 AND NOT e.stale AND (n.asserts IS NULL OR json_valid(n.asserts))
