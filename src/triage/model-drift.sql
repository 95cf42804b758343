-- severity: warn
-- doc: The input of a model's live version has drifted: its PSI is at or over the model's `psi-warn` (0.1), or critically over `psi-bad` (0.2). A number older than a day counts for nothing.
-- SPDX-License-Identifier: MIT
WITH drift AS (
	SELECT v.source, v.key, v.psi_warn, v.psi_bad, coalesce(
		(SELECT m.value FROM measure m WHERE m.entity_id = v.id AND m.name = 'psi' AND m.at >= now() - 86400000),
		(SELECT m.value FROM measure m WHERE m.entity_id = v.model_id AND m.name = 'psi'
			AND m.at >= now() - 86400000)) AS psi
	FROM version_now v WHERE v.live AND NOT v.stale
)
SELECT d.source AS about_source, 4 AS about_kind, d.key AS about_key, NULL AS since,
	'drifted, PSI over ' || CASE WHEN d.psi >= d.psi_bad THEN d.psi_bad ELSE d.psi_warn END AS title,
	'PSI was ' || round(d.psi, 3) || ' when this began; amber from ' || d.psi_warn || ', red from '
		|| d.psi_bad AS message,
	CASE WHEN d.psi >= d.psi_bad THEN 'crit' ELSE 'warn' END AS severity
FROM drift d WHERE d.psi >= d.psi_warn
