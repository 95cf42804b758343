-- severity: warn
-- doc: A pipeline that is not paused was due more than five minutes ago and has not started; not while an earlier run of it is still in flight.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 1 AS about_kind, e.key AS about_key, p.next_due_at AS since,
	'not started' AS title,
	'due by its schedule ' || coalesce(p.schedule, '') || '; last started '
		|| coalesce((SELECT human_ms(now() - r.started_at) FROM main.run r
			WHERE r.entity_id = p.latest_run_id) || ' ago', 'never') AS message
FROM entity_now e JOIN main.pipeline p ON p.entity_id = e.id
WHERE e.kind = 1 AND NOT p.paused AND p.next_due_at < now() - 300000 AND NOT e.stale
	AND NOT EXISTS (SELECT 1 FROM main.entity l WHERE l.id = p.latest_run_id AND l.status IN (1, 2))
