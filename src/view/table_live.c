/* table_live.c - which version of which model was in production, from when to when, and who let it. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* What it was made from: the training run, its data, its artifact. */
#define DAY(x) "strftime('%Y-%m-%d', " x " / 1000, 'unixepoch')"
#define LINEAGE                                                                                    \
	"nullif(substr(coalesce(' · run ' || v.run_key, '') ||"                                   \
	" coalesce(' · data ' || " DAY("v.data_from") " || '..' || " DAY(                          \
	    "v.data_to") ", '') ||"                                                                \
			 " coalesce(' · ' || v.artifact, ''), 4), '')"

static const struct bn_column columns[] = {
    {"model", "MODEL", 18, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "l.model", "The model"},
    {"version", "VERSION", 8, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "l.version", "Its version"},
    {"role", "ROLE", 10, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "l.role",
     "The alias or stage by which it was live; nothing where that is only declared"},
    {"from", "FROM", 11, 11, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "l.began",
     "When it went live; with the evidence `found`, when binnacle found it live first"},
    {"until", "UNTIL", 11, 11, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "l.ended",
     "When that ended; nothing while it is live"},
    {"live_for", "FOR", 6, 4, BN_RIGHT, 1, BN_FORMAT_DURATION, "s",
     "coalesce(l.ended, now()) - l.began", "How long that is"},
    {"approved_by", "APPROVED BY", 14, 8, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "l.approved_by",
     "Who approved it, as the platform's tags say; nothing where nobody wrote it down"},
    {"approved", "PATH", 15, 8, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "CASE WHEN l.approved_by IS NULL THEN 'unapproved path' ELSE 'approved' END",
     "approved, or `unapproved path` where nobody is known to have approved it"},
    {"change", "CHANGE", 14, 8, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "l.change",
     "The change that made it live, as the platform's tags say"},
    {"evidence", "EVIDENCE", 8, 6, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "l.evidence",
     "How that is known: declared at the platform, seen to begin, or found so at the first look"},
    {"lineage", "LINEAGE", 0, 12, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, LINEAGE,
     "What it was made from: training run, window of its data, artifact"},
    {"at_source", "AT SOURCE", 9, 5, BN_LEFT, 2, BN_FORMAT_BOOL, NULL,
     "x.id IS NOT NULL AND x.gone_at IS NULL",
     "Whether the platform still has this version; else it is known from history alone"},
    {"created", "CREATED", 11, 11, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.created_at",
     "When the version was registered"},
    {"run", "RUN", 32, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.run_key", "Its training run"},
    {"data_from", "DATA FROM", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.data_from",
     "Begin of the window of its training data"},
    {"data_to", "DATA TO", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.data_to",
     "End of the window of its training data"},
    {"artifact", "ARTIFACT", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.artifact",
     "Where its artifact lies"},
    {"image", "IMAGE", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.image", "Its image"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.model || '@' || l.version",
     "Key within the source"},
    {NULL},
};

/* The scope may be a model or one version of it. */
const struct bn_view_table bn_table_live = {
    .name = "live",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "Model versions that are or ever were in production, from when to when.",
    .from = "FROM live_now l LEFT JOIN model_version v ON v.entity_id = l.version_id"
	    " LEFT JOIN main.entity x ON x.id = l.version_id"
	    " WHERE (:key IS NULL OR ((:source IS NULL OR l.source = :source)"
	    "  AND (l.model = :key OR l.model || '@' || l.version = :key)))",
    .id_sql = "l.source, " SQL_MODEL ", l.model || '@' || l.version",
    .status_sql = "CASE WHEN l.ended IS NULL THEN " SQL_HEALTHY " ELSE " SQL_QUEUED " END",
    .stale_sql = "0",
    .order = "l.model, l.began DESC, l.version",
    .problem_sql = "l.approved_by IS NULL",
    .time_sql = "coalesce(l.ended, now())",
    .search_sql = "l.model || char(10) || l.version || char(10) || coalesce(l.change, '')",
    .name_sql = "l.model",
    .columns = columns,
};
