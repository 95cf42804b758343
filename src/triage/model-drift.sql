-- severity: warn
-- doc: The input of a model's live version has drifted: its PSI is at or over the model's `psi-warn` (0.1), or critically over `psi-bad` (0.2). A number older than a day counts for nothing.
-- SPDX-License-Identifier: MIT
WITH told AS (
	-- its own number, else that of the model, which is the live version's
	SELECT v.id, v.source, v.key, v.psi_warn, v.psi_bad, m.value AS psi, m.entity_id AS owner,
		row_number() OVER (PARTITION BY v.id ORDER BY m.entity_id = v.id DESC) AS place
	FROM version_now v JOIN measure m ON m.entity_id IN (v.id, v.model_id) AND m.name = 'psi'
		AND m.at >= now() - 86400000 AND m.value IS NOT NULL
	WHERE v.live AND NOT v.stale
), drift AS (SELECT * FROM told WHERE place = 1 AND psi >= psi_warn
), past AS MATERIALIZED (
	SELECT d.id, d.psi_warn, p.at, p.value FROM drift d JOIN series s ON s.entity_id = d.owner AND s.name = 'psi'
		JOIN point p ON p.series_id = s.id WHERE p.at <= now() AND p.value IS NOT NULL
	UNION ALL
	SELECT d.id, d.psi_warn, r.at, r.min FROM drift d JOIN series s ON s.entity_id = d.owner AND s.name = 'psi'
		JOIN rollup r ON r.series_id = s.id WHERE r.at <= now() AND r.min IS NOT NULL
), began AS (
	-- after the last number that was not amber, but not before the version was seen to go live
	SELECT d.*, max((SELECT min(a.at) FROM past a WHERE a.id = d.id AND a.at > coalesce(
			(SELECT max(b.at) FROM past b WHERE b.id = d.id AND b.value < b.psi_warn), 0)),
		CASE WHEN d.owner = d.id THEN 0 ELSE coalesce((SELECT max(l.began) FROM live_now l WHERE l.version_id = d.id
			AND l.ended IS NULL AND (l.began_seen OR l.evidence = 'declared')), 0) END) AS since
	FROM drift d
)
SELECT d.source AS about_source, 4 AS about_kind, d.key AS about_key, d.since,
	'drifted, PSI over ' || CASE WHEN d.psi >= d.psi_bad THEN d.psi_bad ELSE d.psi_warn END AS title,
	'PSI was ' || round(coalesce((SELECT a.value FROM past a WHERE a.id = d.id AND a.at >= d.since
		ORDER BY a.at LIMIT 1), d.psi), 3) || ' when this began; amber from ' || d.psi_warn || ', red from '
		|| d.psi_bad AS message,
	CASE WHEN d.psi >= d.psi_bad THEN 'crit' ELSE 'warn' END AS severity
FROM began d
