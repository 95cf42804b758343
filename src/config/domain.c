/* domain.c - the parts of the business that data products belong to, as the configuration names them. */
/* SPDX-License-Identifier: MIT */
#include "config/domain.h"

#include "base/error.h"
#include "base/memory.h"

void
bn_domains(const struct bn_config *config, struct bn_strlist *out)
{
	const struct bn_config_section *section;

	for (size_t i = 0; (section = bn_config_section(config, "product", i)) != NULL; i++) {
		const char *domain = bn_section_get(section, NULL, "domain");

		if (domain != NULL && !bn_strlist_has(out, domain))
			bn_strlist_add(out, domain);
	}
}

int
bn_domain_check(const struct bn_config *config, const char *domain, struct bn_error *err)
{
	struct bn_strlist known = {0};
	struct bn_buf list = BN_BUF_INIT(400);

	bn_domains(config, &known);
	if (bn_strlist_has(&known, domain)) {
		bn_strlist_clear(&known);
		return BN_OK;
	}
	for (size_t i = 0; i < known.count; i++)
		bn_buf_addf(&list, "%s%s", i > 0 ? ", " : "", known.items[i]);
	bn_fail(err, BN_EINVAL, "no data product is of the domain '%.100s'", domain);
	bn_hint(err, "%s%s",
		list.size > 0 ? "there are " : "domain = in a [product] section names one",
		bn_buf_text(&list));
	bn_buf_free(&list);
	bn_strlist_clear(&known);
	return BN_EINVAL;
}
