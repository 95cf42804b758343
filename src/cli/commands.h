/* commands.h - the list behind bn_commands: every command once, in the order of --help. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CLI_COMMANDS_H
#define BN_CLI_COMMANDS_H

#include "cli/cli.h"

#define BN_COMMANDS(X)                                                                             \
	X(status)                                                                                  \
	X(runs)                                                                                    \
	X(run_show)                                                                                \
	X(run_tree)                                                                                \
	X(run_gantt)                                                                               \
	X(run_log)                                                                                 \
	X(models)                                                                                  \
	X(model_show)                                                                              \
	X(model_compare)                                                                           \
	X(model_history)                                                                           \
	X(endpoints)                                                                               \
	X(endpoint_show)                                                                           \
	X(probe)                                                                                   \
	X(products)                                                                                \
	X(product_show)                                                                            \
	X(product_slo)                                                                             \
	X(lineage)                                                                                 \
	X(report_products)                                                                         \
	X(report_oncall)                                                                           \
	X(streams)                                                                                 \
	X(stream_show)                                                                             \
	X(stream_series)                                                                           \
	X(stream_gaps)                                                                             \
	X(stream_balance)                                                                          \
	X(findings)                                                                                \
	X(changed)                                                                                 \
	X(timeline)                                                                                \
	X(report_handover)                                                                         \
	X(report_postmortem)                                                                       \
	X(sources)                                                                                 \
	X(doctor)                                                                                  \
	X(poll)                                                                                    \
	X(collect)                                                                                 \
	X(check)                                                                                   \
	X(wait)                                                                                    \
	X(ack)                                                                                     \
	X(snooze)                                                                                  \
	X(note_add)                                                                                \
	X(note_list)                                                                               \
	X(retry)                                                                                   \
	X(audit_list)                                                                              \
	X(audit_show)                                                                              \
	X(audit_verify)                                                                            \
	X(audit_export)                                                                            \
	X(audit_settle)                                                                            \
	X(lock)                                                                                    \
	X(unlock)                                                                                  \
	X(policy_show)                                                                             \
	X(rule_test)                                                                               \
	X(export)                                                                                  \
	X(report_models)                                                                           \
	X(sql)                                                                                     \
	X(config_check)                                                                            \
	X(config_show)                                                                             \
	X(config_init)                                                                             \
	X(demo)

#define X(id) extern const struct bn_command bn_command_##id;
BN_COMMANDS(X)
#undef X

/* Flags that several commands share; each command's array repeats the rows it takes. */
#define BN_FLAG_REASON                                                                             \
	{                                                                                          \
		"reason", 0, "TEXT", false, NULL, "why, for those who come after"                  \
	}
#define BN_FLAG_UNDO                                                                               \
	{                                                                                          \
		"undo", 0, NULL, false, NULL, "take it back"                                       \
	}
#define BN_FLAGS_END                                                                               \
	{                                                                                          \
		NULL, 0, NULL, false, NULL, NULL                                                   \
	}

#endif
