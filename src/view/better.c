/* better.c - which way a number gets better, by its name. */
/* SPDX-License-Identifier: MIT */
#include "view/better.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_SIZE 64

/* Names as scikit-learn, Keras, PyTorch Lightning, LightGBM, XGBoost and ranking libraries log them, written
 * the way normalise() leaves them. */
static const char lower[] =
    " loss log_loss logloss mlogloss binary_logloss cross_entropy mae mse rmse msle "
    "rmsle mape smape wape mase medae l1 l2 huber pinball pinball_loss "
    "mean_absolute_error mean_squared_error root_mean_squared_error "
    "mean_squared_log_error mean_absolute_percentage_error median_absolute_error "
    "max_error error err error_rate brier brier_score brier_score_loss ece "
    "hinge_loss hamming_loss perplexity wer cer fid psi p50 p95 p99 latency "
    "model_latency overhead cost cost_per_1000 ";
static const char higher[] =
    " accuracy accuracy_score acc balanced_accuracy balanced_accuracy_score auc "
    "roc_auc roc_auc_score pr_auc auprc auroc average_precision "
    "average_precision_score gini ks precision precision_score recall recall_score "
    "sensitivity specificity f1 f1_score f1_macro f1_micro f1_weighted fbeta mcc "
    "matthews_corrcoef kappa cohen_kappa_score jaccard iou dice ndcg dcg map mrr "
    "hit_rate r2 r2_score explained_variance explained_variance_score bleu rouge "
    "rouge1 rouge2 rougel meteor silhouette silhouette_score click_through "
    "click_through_rate ctr conversion conversion_rate revenue retention ";

/* Parts of a name that say on what it was measured, or how. */
static const char words[] = " train training val valid validation test eval holdout offline live ";

/* The lists are words between blanks. */
static bool
is_one_of(const char *name, const char *list)
{
	char word[NAME_MAX_SIZE + 2];

	snprintf(word, sizeof(word), " %s ", name);
	return name[0] != '\0' && strstr(list, word) != NULL;
}

/* "val_NDCG@10" into "ndcg", "test-roc.auc" into "roc_auc". */
static void
normalise(const char *name, char out[NAME_MAX_SIZE])
{
	char plain[NAME_MAX_SIZE], *part, *rest = plain;
	size_t n = 0;

	for (; *name != '\0' && *name != '@' && n + 1 < sizeof(plain); name++)
		plain[n++] =
		    isalnum((unsigned char)*name) ? (char)tolower((unsigned char)*name) : '_';
	plain[n] = '\0';
	part = strstr(plain, "_at_");
	if (part != NULL)
		*part = '\0';
	if (is_one_of(plain, lower) || is_one_of(plain, higher)) {
		snprintf(out, NAME_MAX_SIZE, "%s", plain);
		return;
	}
	out[0] = '\0';
	n = 0;
	while ((part = strtok_r(rest, "_", &rest)) != NULL)
		if (!is_one_of(part, words))
			n += (size_t)snprintf(out + n, NAME_MAX_SIZE - n, "%s%s", n > 0 ? "_" : "",
					      part);
}

enum bn_direction
bn_better_by_name(const char *name)
{
	char plain[NAME_MAX_SIZE];

	normalise(name, plain);
	return is_one_of(plain, lower)	  ? BN_LOWER_IS_BETTER
	       : is_one_of(plain, higher) ? BN_HIGHER_IS_BETTER
					  : BN_NEITHER;
}

enum bn_direction
bn_better_by_word(const char *word)
{
	if (word == NULL)
		return BN_NEITHER;
	return strcmp(word, "lower") == 0    ? BN_LOWER_IS_BETTER
	       : strcmp(word, "higher") == 0 ? BN_HIGHER_IS_BETTER
					     : BN_NEITHER;
}
