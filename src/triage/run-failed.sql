-- severity: crit
-- doc: The attempt of a pipeline that ended last has failed; so it stays while a new one is running, until one ends well. A run that belongs to no pipeline counts for a day.
-- SPDX-License-Identifier: MIT
WITH last AS MATERIALIZED (
	SELECT e.id, e.source, e.key, p.last_good_at,
		-- A run that waits to start again has lost its start (Airflow): its attempts know when it was.
		(SELECT a.run_id * 16 + a.status
			FROM (SELECT entity_id, started_at FROM main.run
					WHERE pipeline_id = e.id AND started_at IS NULL
				UNION ALL SELECT * FROM (SELECT entity_id, started_at FROM main.run
					WHERE pipeline_id = e.id AND started_at IS NOT NULL
					ORDER BY started_at DESC LIMIT 50)) r
				JOIN main.attempt a ON a.run_id = r.entity_id
			WHERE a.status IN (3, 4)
			ORDER BY coalesce(r.started_at, a.started_at) DESC, a.n DESC LIMIT 1) AS ended
	FROM entity_now e JOIN main.pipeline p ON p.entity_id = e.id WHERE e.kind = 1
), failed AS (
	SELECT l.source, 1 AS kind, l.key, l.ended / 16 AS run_id,
		(SELECT min(coalesce(a.finished_at, a.started_at))
			FROM main.run r JOIN main.attempt a ON a.run_id = r.entity_id
			WHERE r.pipeline_id = l.id AND a.status = 4
			AND coalesce(a.finished_at, a.started_at) > coalesce(l.last_good_at, 0)) AS since
	FROM last l WHERE l.ended % 16 = 4
	UNION ALL
	SELECT e.source, 2, e.key, e.id, coalesce(r.finished_at, e.since)
	FROM entity_now e JOIN main.run r ON r.entity_id = e.id
	WHERE e.kind = 2 AND e.status = 4 AND r.pipeline_id IS NULL
		AND coalesce(r.finished_at, e.since) > now() - 86400000
)
SELECT f.source AS about_source, f.kind AS about_kind, f.key AS about_key, f.since,
	CASE WHEN r.tasks_failed > 0 THEN r.tasks_failed || ' failed' ELSE 'failed' END
		|| CASE WHEN r.tasks_skipped > 0 THEN ' +' || r.tasks_skipped || ' skipped' ELSE '' END
		AS title,
	coalesce(e.message, (SELECT t.name || coalesce(': ' || t.message, '') FROM main.task t
		WHERE t.run_id = f.run_id AND t.status = 4
		ORDER BY t.attempt DESC, t.message IS NULL, t.finished_at LIMIT 1)) AS message
FROM failed f JOIN main.run r ON r.entity_id = f.run_id JOIN main.entity e ON e.id = f.run_id
