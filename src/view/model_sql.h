/* model_sql.h - fragments of SQL about numbers of models that tables, details and the comparison share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_MODEL_SQL_H
#define BN_VIEW_MODEL_SQL_H

/* What a target of a measure is called: the measure `least:NAME` or `most:NAME`, told with the number. One that was
 * not told with the latest number is one that nobody sets any more. */
#define SQL_TARGET(which, entity, name)                                                            \
	"(SELECT tg.value FROM measure tg JOIN measure tn ON tn.entity_id = tg.entity_id"          \
	" AND tn.name = " name " AND tn.at = tg.at WHERE tg.entity_id = " entity                   \
	" AND tg.name = '" which ":' || " name ")"
#define SQL_IS_TARGET(name) "(" name " GLOB 'least:*' OR " name " GLOB 'most:*')"

/* So much a month of 30 days, by the unit's end; nothing where the unit says no time. */
#define SQL_PER_MONTH(value, unit)                                                                 \
	"(" value " * CASE WHEN " unit " LIKE '%/month' OR " unit                                  \
	" LIKE '%/mo' THEN 1.0 WHEN " unit " LIKE '%/day' OR " unit                                \
	" LIKE '%/d' THEN 30.0 WHEN " unit " LIKE '%/hour' OR " unit                               \
	" LIKE '%/h' THEN 720.0 WHEN " unit " LIKE '%/min' THEN 43200.0 WHEN " unit                \
	" LIKE '%/s' THEN 2592000.0 END)"
/* "USD" of "USD/month". */
#define SQL_CURRENCY(unit) "substr(" unit ", 1, instr(" unit ", '/') - 1)"

/* "3.1%", "41 ms", "11.2M/month". */
#define SQL_SHORT(value)                                                                           \
	"CASE WHEN abs(" value ") >= 1e9 THEN printf('%.3gG', " value " / 1e9) WHEN abs(" value    \
	") >= 1e6 THEN printf('%.3gM', " value " / 1e6) WHEN abs(" value                           \
	") >= 1e4 THEN printf('%.3gk', " value " / 1e3) ELSE printf('%.4g', " value ") END"
#define SQL_WITH_UNIT(value, unit)                                                                 \
	"(" SQL_SHORT(value) " || CASE WHEN coalesce(" unit ", '') = '' THEN '' WHEN " unit        \
			     " = '%' THEN '%' WHEN " unit " GLOB '1/*' THEN substr(" unit          \
			     ", 2) ELSE ' ' || " unit " END)"

/* Utilisation from which on it is marked, in %. */
#define SQL_UTILISATION_HIGH "80"

#endif
