-- severity: crit
-- doc: A retry was sent and what came of it is not known, or its session ended before it said. Nothing more is sent to that run until the platform tells or a person decides: see audit show and audit settle.
-- SPDX-License-Identifier: MIT
SELECT i.source AS about_source, 2 AS about_kind, i.key AS about_key, i.at AS since,
	'retry sent, outcome unknown' AS title,
	'record ' || i.seq || ' by ' || i.user || coalesce(': ' || i.answer, '')
		|| '; do not send it again, look at the run: audit show ' || i.seq AS message
FROM intent_now i
WHERE i.kind = 'run' AND (i.state = 'unknown' OR (i.state = 'open' AND i.at < now() - 300000))
