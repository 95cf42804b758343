/* tabs.c - the one table of the screens that are tabs: their key's action, their names, who makes them. */
/* SPDX-License-Identifier: MIT */
#include "ui/app.h"

const struct bn_tab_row bn_tabs[BN_TAB_COUNT] = {
    [BN_TAB_TRIAGE] = {BN_ACT_TRIAGE, "Triage", "Triage", bn_triage_screen},
    [BN_TAB_RUNS] = {BN_ACT_RUNS, "Runs", "Run", bn_runs_screen},
    [BN_TAB_MODELS] = {BN_ACT_MODELS, "Models", "Model", bn_models_screen},
    [BN_TAB_ENDPOINTS] = {BN_ACT_ENDPOINTS, "Endpoints", "Endp", bn_endpoints_screen},
    [BN_TAB_STREAMS] = {BN_ACT_STREAMS, "Streams", "Strm", bn_streams_screen},
    [BN_TAB_PRODUCTS] = {BN_ACT_PRODUCTS, "Products", "Prod", bn_products_screen},
    [BN_TAB_TIMELINE] = {BN_ACT_TIMELINE, "Timeline", "Time", bn_timeline_screen},
    [BN_TAB_SOURCES] = {BN_ACT_SOURCES, "Sources", "Src", bn_sources_screen},
};
