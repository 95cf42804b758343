-- severity: warn
-- doc: A certificate of an endpoint expires within 14 days; critical within 3 days and when it has.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 5 AS about_kind, e.key AS about_key,
	min(now(), n.certificate_expires_at - 1209600000) AS since,
	CASE WHEN n.certificate_expires_at <= now() THEN 'certificate expired'
		ELSE 'certificate expires in ' || human_ms((n.certificate_expires_at - now())
			/ 3600000 * 3600000) END AS title,
	NULL AS message,
	CASE WHEN n.certificate_expires_at < now() + 259200000 THEN 'crit' ELSE 'warn' END AS severity
FROM entity_now e JOIN main.endpoint n ON n.entity_id = e.id
WHERE e.kind = 5 AND n.certificate_expires_at < now() + 1209600000 AND NOT e.stale
