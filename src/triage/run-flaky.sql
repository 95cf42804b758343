-- severity: warn
-- doc: The latest run of a pipeline is good, but two or more of the last twelve were not.
-- SPDX-License-Identifier: MIT
WITH recent AS (
	SELECT p.source, p.key,
		(SELECT e.status FROM main.entity e WHERE e.id = p.latest_run_id) AS latest,
		(SELECT count(*) FROM (SELECT e.status FROM main.run r JOIN main.entity e ON e.id = r.entity_id
			WHERE r.pipeline_id = p.id ORDER BY r.started_at DESC LIMIT 12)
			WHERE status = 4) AS failed,
		(SELECT max(r.finished_at) FROM main.run r JOIN main.entity e ON e.id = r.entity_id
			WHERE r.pipeline_id = p.id AND e.status = 4) AS since
	FROM pipeline_now p WHERE NOT p.paused
)
SELECT source AS about_source, 1 AS about_kind, key AS about_key, since,
	failed || ' of the last 12 runs failed' AS title, NULL AS message
FROM recent WHERE latest = 3 AND failed >= 2
