-- severity: warn
-- doc: By what its runs usually take a data product will not be ready by its deadline, or the run for it has failed.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 9 AS about_kind, e.key AS about_key, o.since AS since,
	CASE WHEN o.predicted_at > o.due_at
		THEN 'will miss ' || substr(o.text, 1, 5) || ' by ' || human_ms((o.predicted_at - o.due_at) / 60000 * 60000)
		ELSE 'at risk for ' || substr(o.text, 1, 5) END AS title,
	o.detail AS message
FROM entity_now e JOIN objective o ON o.product_id = e.id
WHERE e.kind = 9 AND NOT e.stale AND e.status <> 7 AND o.gone_at IS NULL
	AND o.state = 10 AND o.sli = 'deadline'
