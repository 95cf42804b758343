-- severity: crit
-- doc: The attempt of a pipeline that ended last has failed; so it stays while a new one is running, until one ends well. A run that belongs to no pipeline counts for a day.
-- SPDX-License-Identifier: MIT
WITH last AS (
	SELECT p.id, p.source, p.key, p.last_good_at,
		(SELECT a.run_id FROM main.run r JOIN main.attempt a ON a.run_id = r.entity_id
			WHERE r.pipeline_id = p.id AND a.status IN (3, 4)
			ORDER BY r.started_at DESC, a.n DESC LIMIT 1) AS run_id,
		(SELECT a.status FROM main.run r JOIN main.attempt a ON a.run_id = r.entity_id
			WHERE r.pipeline_id = p.id AND a.status IN (3, 4)
			ORDER BY r.started_at DESC, a.n DESC LIMIT 1) AS ended_as,
		(SELECT min(coalesce(a.finished_at, a.started_at))
			FROM main.run r JOIN main.attempt a ON a.run_id = r.entity_id
			WHERE r.pipeline_id = p.id AND a.status = 4
			AND coalesce(a.finished_at, a.started_at) > coalesce(p.last_good_at, 0)) AS since
	FROM pipeline_now p
), failed AS (
	SELECT l.source, 1 AS kind, l.key, l.since, l.run_id FROM last l WHERE l.ended_as = 4
	UNION ALL
	SELECT r.source, 2, r.key, coalesce(r.finished_at, r.since), r.id FROM run_now r
	WHERE r.pipeline_id IS NULL AND r.last_status = 'failed'
		AND coalesce(r.finished_at, r.since) > now() - 86400000
)
SELECT f.source AS about_source, f.kind AS about_kind, f.key AS about_key, f.since,
	CASE WHEN r.tasks_failed > 0 THEN r.tasks_failed || ' failed' ELSE 'failed' END
		|| CASE WHEN r.tasks_skipped > 0 THEN ' +' || r.tasks_skipped || ' skipped' ELSE '' END
		AS title,
	coalesce(e.message, (SELECT t.name || coalesce(': ' || t.message, '') FROM main.task t
		WHERE t.run_id = f.run_id AND t.status = 4
		ORDER BY t.attempt DESC, t.message IS NULL, t.finished_at LIMIT 1)) AS message
FROM failed f JOIN main.run r ON r.entity_id = f.run_id JOIN main.entity e ON e.id = f.run_id
