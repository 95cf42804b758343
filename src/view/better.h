/* better.h - which way a number gets better, by its name. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_BETTER_H
#define BN_VIEW_BETTER_H

enum bn_direction { BN_NEITHER, BN_LOWER_IS_BETTER, BN_HIGHER_IS_BETTER };

/* What is commonly known of a number with that name: of training ("val_loss", "ndcg@10", "roc-auc"), or of
 * production ("p95", "cost"). Case, words such as val or test, and what follows an @ don't matter. NEITHER
 * where nothing is known; nobody's guess is a verdict. */
enum bn_direction bn_better_by_name(const char *name);
/* "lower" and "higher" as configurations write it; NEITHER for anything else, NULL too. */
enum bn_direction bn_better_by_word(const char *word);

#endif
