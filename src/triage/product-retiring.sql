-- severity: warn
-- doc: A data product is being retired, and somebody still uses it.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 9 AS about_kind, e.key AS about_key,
	-- when its configuration first said so, if it said otherwise before
	(SELECT max(h.at) FROM attribute_history h WHERE h.entity_id = e.id AND h.name = 'lifecycle'
		AND h.old IS NOT NULL AND h.old NOT IN ('retiring', 'retired') AND h.at <= now()) AS since,
	p.lifecycle || ', ' || json_array_length(p.consumers) || CASE json_array_length(p.consumers)
		WHEN 1 THEN ' consumer left' ELSE ' consumers left' END AS title,
	(SELECT group_concat(c.value, ', ') FROM json_each(p.consumers) c) AS message
FROM entity_now e JOIN product p ON p.entity_id = e.id
WHERE e.kind = 9 AND NOT e.stale AND p.lifecycle IN ('retiring', 'retired')
	AND json_valid(p.consumers) AND json_array_length(p.consumers) > 0
