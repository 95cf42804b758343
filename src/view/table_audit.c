/* table_audit.c - what people did: the journal's records, each with what came of it. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* An intent is shown as the verb it was about; what came of it beside it. */
static const struct bn_column columns[] = {
    {"seq", "RECORD", 6, 4, BN_RIGHT, 0, BN_FORMAT_INT, NULL, "j.seq",
     "Number of the record in the journal"},
    {"at", "TIME", 11, 8, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "j.at", "When it was recorded"},
    {"verb", "VERB", 9, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "coalesce(i.verb, j.verb)",
     "What was done: retry, bulk (many retries), ack, snooze, note, lock …; sending and outcome "
     "belong "
     "to a retry, bulk-end to a bulk"},
    {"user", "WHO", 12, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "j.user", "The login name"},
    {"target", "TARGET", 30, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "CASE WHEN j.key = '' THEN NULL ELSE ref_text(kind_number(j.kind), nullif(j.source, ''), "
     "j.key)"
     " END",
     "What it is about"},
    {"state", "STATE", 9, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "coalesce(i.state, CASE j.verb WHEN 'outcome' THEN json_extract(j.body, '$.state')"
     " WHEN 'bulk-end' THEN json_extract(j.body, '$.state')"
     " WHEN 'bulk' THEN (SELECT b.state FROM bulk_now b WHERE b.seq = j.seq) END)",
     "Of a retry: open (nothing sent yet), unknown (sent; what came of it is not known), done, "
     "refused, "
     "not-sent. Of a bulk: running, ended, stopped, aborted, timed-out, interrupted"},
    {"reason", "REASON", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "nullif(j.reason, '')",
     "Why, in the person's words"},
    {"answer", "ANSWER", 24, 10, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "coalesce(i.answer, CASE j.verb WHEN 'outcome' THEN json_extract(j.body, '$.answer')"
     " WHEN 'bulk-end' THEN json_extract(j.body, '$.text')"
     " WHEN 'bulk' THEN (SELECT b.text FROM bulk_now b WHERE b.seq = j.seq) END)",
     "What the platform answered, or why it is not known; of a bulk what it came to"},
    {"identity", "IDENTITY", 24, 10, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "nullif(j.identity, '')",
     "Who they say they are"},
    {"host", "HOST", 14, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "j.host",
     "The machine it was done from"},
    {"origin", "ORIGIN", 14, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "nullif(j.origin, '')",
     "Address of the SSH client"},
    {"mode", "MODE", 10, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "i.mode",
     "Which of the platform's ways"},
    {"request", "REQUEST", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "i.request",
     "The request that was recorded before it was sent"},
    {"request_digest", "DIGEST", 64, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "CASE WHEN i.seq IS NOT NULL THEN json_extract(j.body, '$.body_sha256') END",
     "SHA-256 of the request's body"},
    {"plan", "PLAN", 64, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "i.digest", "Digest of the plan"},
    {"settled_by", "BY", 10, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "i.settled_by",
     "Who told what came of it: answer, check (before it was sent), reconcile (the platform was "
     "read), "
     "person"},
    {"parent", "PARENT", 6, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "j.parent",
     "The record this one belongs to: a retry to its bulk, an outcome to its retry"},
    {"prev", "PREVIOUS", 64, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "j.prev",
     "Hash of the record before"},
    {"hash", "HASH", 64, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "j.hash", "Hash of this record"},
    {NULL},
};

const struct bn_view_table bn_table_audit = {
    .name = "audit",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "What people did and what came of it, newest first.",
    .from = "FROM record j LEFT JOIN intent_now i ON i.seq = j.seq AND j.verb = 'intent'"
	    " WHERE (:key IS NULL OR (j.key = :key AND j.kind = kind_word(:kind)"
	    " AND (:source IS NULL OR j.source IN ('', :source))))",
    .id_sql = "j.source, kind_number(j.kind), j.key",
    .order = "j.seq DESC",
    .problem_sql = "i.state IN ('open', 'unknown')",
    .time_sql = "j.at",
    .search_sql = "j.reason || char(10) || j.key || char(10) || j.user || char(10) || j.verb",
    .name_sql = "j.key",
    .columns = columns,
};
