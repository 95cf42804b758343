-- severity: warn
-- doc: Some items of a source's latest answers could not be read and were skipped, so its lists are not whole.
-- SPDX-License-Identifier: MIT
SELECT s.key AS about_source, 11 AS about_kind, s.key AS about_key, NULL AS since,
	s.skipped || CASE s.skipped WHEN 1 THEN ' broken item skipped' ELSE ' broken items skipped' END AS title,
	s.skip_reason AS message
FROM source_now s WHERE NOT s.disabled AND s.state = 'ok' AND s.skipped > 0
