-- severity: warn
-- doc: The newest version of a model that is declared `auto-deploy` is not live `grace` after its training ended, and never was; critical after three times as long.
-- SPDX-License-Identifier: MIT
WITH newest AS (
	SELECT v.*, coalesce(v.train_finished_at, v.created_at) AS trained,
		row_number() OVER (PARTITION BY v.model_id ORDER BY v.created_at DESC, v.id DESC) AS place
	FROM version_now v WHERE v.auto_deploy AND NOT v.stale
)
SELECT n.source AS about_source, 4 AS about_kind, n.key AS about_key, n.trained + n.grace_ms AS since,
	'trained, not live' AS title,
	'it may take ' || human_ms(n.grace_ms) || ' to go live'
		|| coalesce('; ' || (SELECT l.version FROM version_now l WHERE l.model_id = n.model_id AND l.live
			ORDER BY l.created_at DESC LIMIT 1) || ' still is', '') AS message,
	CASE WHEN now() > n.trained + 3 * n.grace_ms THEN 'crit' ELSE 'warn' END AS severity
FROM newest n
WHERE n.place = 1 AND NOT n.live AND now() > n.trained + n.grace_ms
	AND NOT EXISTS (SELECT 1 FROM live_now l WHERE l.version_id = n.id)
