-- severity: warn
-- doc: A certificate of an endpoint expires within 14 days; critical within 3 days and when it has.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 5 AS about_kind, e.key AS about_key,
	min(now(), e.certificate_expires_at - 1209600000) AS since,
	CASE WHEN e.certificate_expires_at <= now() THEN 'certificate expired'
		ELSE 'certificate expires in ' || human_ms((e.certificate_expires_at - now())
			/ 3600000 * 3600000) END AS title,
	NULL AS message,
	CASE WHEN e.certificate_expires_at < now() + 259200000 THEN 'crit' ELSE 'warn' END AS severity
FROM endpoint_now e
WHERE e.certificate_expires_at < now() + 1209600000 AND NOT e.stale
