-- severity: warn
-- doc: A source refuses the login, or could not be read twice in a row or for two intervals; everything that comes from it is unknown, and counted here.
-- SPDX-License-Identifier: MIT
WITH failing AS (
	SELECT s.*, (SELECT count(*) FROM entity_now e WHERE e.source_id = s.source_id AND e.stale
			AND e.kind <> 11 AND (e.kind <> 2 OR e.status IN (1, 2))) AS unknown_count
	FROM source_now s
	WHERE NOT s.disabled AND (s.state = 'auth' OR (s.state = 'failing' AND s.failures >= 2)
		OR (s.state IN ('failing', 'throttled')
			AND coalesce(s.last_ok_at, 0) < now() - 2 * s.interval_ms))
)
SELECT f.key AS about_source, 11 AS about_kind, f.key AS about_key,
	coalesce(f.failing_since, f.last_error_at) AS since,
	CASE WHEN f.state = 'throttled' THEN 'asked too often'
		WHEN f.last_http_status > 0 THEN CAST(f.last_http_status AS TEXT)
		WHEN f.last_error_code = -3 THEN 'login refused'
		WHEN f.last_error_code = -7 THEN 'no answer in time'
		WHEN f.last_error_code = -8 THEN 'unreachable'
		WHEN f.last_error_code = -9 THEN 'TLS refused'
		WHEN f.last_error_code = -10 THEN 'answers not understood'
		ELSE 'failing' END
		|| CASE f.unknown_count WHEN 0 THEN '' WHEN 1 THEN ', 1 entity unknown'
			ELSE ', ' || f.unknown_count || ' entities unknown' END AS title,
	f.last_error || coalesce('. ' || nullif(f.last_hint, ''), '') AS message
FROM failing f
