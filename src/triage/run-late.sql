-- severity: warn
-- doc: A pipeline that is not paused was due more than five minutes ago and has not started; not while an earlier run of it is still in flight.
-- SPDX-License-Identifier: MIT
SELECT p.source AS about_source, 1 AS about_kind, p.key AS about_key, p.next_due_at AS since,
	'not started' AS title,
	'due by its schedule ' || coalesce(p.schedule, '') || '; last started '
		|| coalesce((SELECT human_ms(now() - r.started_at) FROM main.run r
			WHERE r.entity_id = p.latest_run_id) || ' ago', 'never') AS message
FROM pipeline_now p
WHERE NOT p.paused AND NOT p.stale AND p.next_due_at < now() - 300000
	AND NOT EXISTS (SELECT 1 FROM main.entity e WHERE e.id = p.latest_run_id AND e.status IN (1, 2))
