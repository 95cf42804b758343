-- severity: warn
-- doc: Two counters of streams that must be equal have differed by more than is allowed for three minutes after they had settled; both sums are in the message.
-- SPDX-License-Identifier: MIT
SELECT e.source AS about_source, 6 AS about_kind, e.key AS about_key, min(v.since) AS since,
	min(v.title) AS title, min(v.message) AS message
FROM stream_verdict v JOIN entity_now e ON e.id = v.entity_id WHERE v.rule = 'imbalance'
GROUP BY v.entity_id
