-- severity: warn
-- doc: The latest run of a pipeline is good, but two or more of the last twelve were not.
-- SPDX-License-Identifier: MIT
WITH recent AS MATERIALIZED (
	SELECT e.id, e.source, e.key,
		(SELECT count(*) FROM (SELECT x.status FROM main.run r JOIN main.entity x ON x.id = r.entity_id
			WHERE r.pipeline_id = e.id ORDER BY r.started_at DESC LIMIT 12)
			WHERE status = 4) AS failed
	FROM entity_now e JOIN main.pipeline p ON p.entity_id = e.id
	WHERE e.kind = 1 AND NOT p.paused
		AND (SELECT l.status FROM main.entity l WHERE l.id = p.latest_run_id) = 3
)
SELECT source AS about_source, 1 AS about_kind, key AS about_key,
	(SELECT max(r.finished_at) FROM main.run r JOIN main.entity e ON e.id = r.entity_id
		WHERE r.pipeline_id = recent.id AND e.status = 4) AS since,
	failed || ' of the last 12 runs failed' AS title, NULL AS message
FROM recent WHERE failed >= 2
