-- severity: warn
-- doc: A model has versions, but no alias or stage that means production points to one, though it was live once or something is declared of it.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 4 AS about_kind, e.key AS about_key,
	(SELECT max(l.ended) FROM live_now l WHERE l.model_id = e.id) AS since, 'no version is live' AS title,
	'nothing of ' || trim(replace(m.live, ',', ' ')) || ' points to a version'
		|| coalesce('; ' || (SELECT l.version FROM live_now l WHERE l.model_id = e.id
			ORDER BY l.ended DESC LIMIT 1) || ' was live last', '') AS message
FROM entity_now e JOIN model m ON m.entity_id = e.id
WHERE e.kind = 4 AND NOT e.stale
	AND EXISTS (SELECT 1 FROM version_now v WHERE v.model_id = e.id)
	AND NOT EXISTS (SELECT 1 FROM version_now v WHERE v.model_id = e.id AND v.live)
	AND (m.metric IS NOT NULL OR m.live_on IS NOT NULL
		OR EXISTS (SELECT 1 FROM live_now l WHERE l.model_id = e.id))
