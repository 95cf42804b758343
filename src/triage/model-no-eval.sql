-- severity: warn
-- doc: The training run of a model's live version has no value of the declared number (`metric`): nobody knows how good it is.
-- SPDX-License-Identifier: MIT
SELECT v.source AS about_source, 4 AS about_kind, v.key AS about_key, v.live_from AS since,
	'live without ' || v.metric AS title,
	CASE WHEN v.run_key IS NULL THEN 'it names no training run' ELSE 'training run ' || v.run_key
		|| ' has no ' || v.metric END AS message
FROM version_now v
WHERE v.live AND NOT v.stale AND v.metric IS NOT NULL AND (v.run_read OR v.run_key IS NULL)
	AND NOT EXISTS (SELECT 1 FROM measure q WHERE q.entity_id = v.id AND q.name = 'eval:' || v.metric
		AND q.value IS NOT NULL)
