/* pager.c - long text: scrolling, following, wrapping, searching; never a raw escape sequence. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/pager.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define DEFAULT_MAX (16u << 20)

struct line {
	char *text; /* sanitised */
	char *head; /* sanitised, or NULL */
	enum bn_role role;
};

struct bn_pager {
	struct line *lines;
	size_t count, room;
	size_t bytes, max_bytes, dropped;
	bool levels, follow, wrap;
	size_t top, row; /* first line shown, and the first row of it (wrapped) */
	int left;	 /* columns scrolled to the right (cut) */
	int h, w;	 /* as last drawn */
	regex_t search;
	bool searching;
};

/* ---- lines ------------------------------------------------------------------------------- */

struct bn_pager *
bn_pager_new(size_t max_bytes, bool levels)
{
	struct bn_pager *pager = bn_xcalloc(1, sizeof(*pager));

	pager->max_bytes = max_bytes == 0 ? DEFAULT_MAX : max_bytes;
	pager->levels = levels;
	return pager;
}

void
bn_pager_clear(struct bn_pager *pager)
{
	size_t i;

	for (i = 0; i < pager->count; i++) {
		free(pager->lines[i].text);
		free(pager->lines[i].head);
	}
	pager->count = pager->bytes = pager->dropped = pager->top = pager->row = 0;
	pager->left = 0;
}

void
bn_pager_free(struct bn_pager *pager)
{
	if (pager == NULL)
		return;
	bn_pager_clear(pager);
	if (pager->searching)
		regfree(&pager->search);
	free(pager->lines);
	free(pager);
}

static size_t
line_size(const struct line *line)
{
	return strlen(line->text) + (line->head == NULL ? 0 : strlen(line->head)) + sizeof(*line);
}

/* A tenth goes at once, so that a log that runs on doesn't move all lines for every new one. */
static void
make_room(struct bn_pager *pager)
{
	size_t gone = 0, i;

	while (gone < pager->count && pager->bytes > pager->max_bytes / 10 * 9)
		pager->bytes -= line_size(&pager->lines[gone++]);
	for (i = 0; i < gone; i++) {
		free(pager->lines[i].text);
		free(pager->lines[i].head);
	}
	pager->count -= gone;
	memmove(pager->lines, pager->lines + gone, pager->count * sizeof(*pager->lines));
	pager->dropped += gone;
	pager->top = pager->top > gone ? pager->top - gone : 0;
}

/* Colour sequences (ESC [ digits m) mean nothing here and are no danger left out; anything else
 * that begins with ESC stays for the sanitiser to show. */
static size_t
sgr_length(const char *text, size_t size)
{
	size_t i;

	if (size < 3 || text[0] != 27 || text[1] != '[')
		return 0;
	for (i = 2;
	     i < size && (isdigit((unsigned char)text[i]) || text[i] == ';' || text[i] == ':'); i++)
		continue;
	return i < size && (text[i] == 'm' || text[i] == 'K') ? i + 1 : 0;
}

static char *
clean_line(const char *text, size_t size)
{
	struct bn_buf plain = BN_BUF_INIT(0), out = BN_BUF_INIT(0);
	size_t i = 0;

	while (i < size) {
		size_t skip = sgr_length(text + i, size - i);

		if (skip == 0)
			bn_buf_addc(&plain, text[i]);
		i += skip == 0 ? 1 : skip;
	}
	if (plain.size > 0)
		bn_sanitise(&out, plain.data, plain.size, BN_SANITISE_TEXT);
	bn_buf_free(&plain);
	return out.size == 0 ? bn_xstrdup("") : bn_buf_take(&out);
}

/* The word, unless it is a count that is nought ("ERROR=0"). */
static bool
says(const char *text, size_t size, const char *word)
{
	const char *at = memmem(text, size, word, strlen(word));

	return at != NULL && strncmp(at + strlen(word), "=0", 2) != 0;
}

static enum bn_role
level_of(const char *text)
{
	size_t size = strnlen(text, 80);

	if (says(text, size, "ERROR") || says(text, size, "FATAL") ||
	    says(text, size, "CRITICAL") || says(text, size, "level=error") ||
	    says(text, size, "Traceback"))
		return BN_ROLE_FAILED;
	if (says(text, size, "WARN") || says(text, size, "level=warn"))
		return BN_ROLE_WARN;
	return BN_ROLE_TEXT;
}

void
bn_pager_add(struct bn_pager *pager, const char *head, const char *text, size_t size,
	     enum bn_role role)
{
	struct line line = {clean_line(text, size),
			    head == NULL ? NULL : clean_line(head, strlen(head)), role};

	if (pager->levels && role == BN_ROLE_TEXT)
		line.role = level_of(line.text);
	if (pager->count == pager->room) {
		pager->room = pager->room == 0 ? 64 : pager->room * 2;
		pager->lines = bn_xrealloc(pager->lines, pager->room, sizeof(*pager->lines));
	}
	pager->lines[pager->count++] = line;
	pager->bytes += line_size(&line);
	if (pager->bytes > pager->max_bytes)
		make_room(pager);
}

void
bn_pager_add_text(struct bn_pager *pager, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		size_t shown = length > 0 && text[length - 1] == '\r' ? length - 1 : length;

		bn_pager_add(pager, NULL, text, shown, BN_ROLE_TEXT);
		text += length + (text[length] == '\n' ? 1 : 0);
	}
}

size_t
bn_pager_lines(const struct bn_pager *pager)
{
	return pager->count;
}

const char *
bn_pager_line(const struct bn_pager *pager, size_t line)
{
	return pager->lines[line].text;
}

size_t
bn_pager_dropped(const struct bn_pager *pager)
{
	return pager->dropped;
}

/* ---- scrolling --------------------------------------------------------------------------- */

static int
head_width(const struct line *line)
{
	return line->head == NULL ? 0 : (int)bn_text_width(line->head);
}

/* Where the next row of a wrapped line begins: words stay whole, the blanks between two rows belong to none. */
static const char *
next_row(const char *text, int room)
{
	text += bn_text_fold(text, (size_t)room);
	return text + strspn(text, " ");
}

/* Rows a line takes when wrapped. */
static size_t
rows_of(const struct bn_pager *pager, size_t index)
{
	const struct line *line = &pager->lines[index];
	int room = pager->w - head_width(line);
	const char *rest = line->text;
	size_t rows = 1;

	if (!pager->wrap || room < 8)
		return 1;
	while (*(rest = next_row(rest, room)) != '\0')
		rows++;
	return rows;
}

static void
step_down(struct bn_pager *pager)
{
	if (pager->count == 0)
		return;
	if (pager->row + 1 < rows_of(pager, pager->top)) {
		pager->row++;
	} else if (pager->top + 1 < pager->count) {
		pager->top++;
		pager->row = 0;
	}
}

static void
step_up(struct bn_pager *pager)
{
	if (pager->row > 0) {
		pager->row--;
	} else if (pager->top > 0) {
		pager->top--;
		pager->row = rows_of(pager, pager->top) - 1;
	}
}

/* The last screenful: as high as fits, counted from the end. */
static void
to_bottom(struct bn_pager *pager)
{
	int i;

	if (pager->count == 0)
		return;
	pager->top = pager->count - 1;
	pager->row = rows_of(pager, pager->top) - 1;
	for (i = 1; i < pager->h; i++)
		step_up(pager);
}

static bool
at_bottom(const struct bn_pager *pager)
{
	size_t left = 0, i;

	for (i = pager->top; i < pager->count && left <= (size_t)pager->h; i++)
		left += rows_of(pager, i) - (i == pager->top ? pager->row : 0);
	return left <= (size_t)pager->h;
}

static void
scroll_by(struct bn_pager *pager, int rows)
{
	for (; rows > 0 && !at_bottom(pager); rows--)
		step_down(pager);
	for (; rows < 0; rows++)
		step_up(pager);
	if (rows < 0 || !at_bottom(pager))
		pager->follow = false;
}

void
bn_pager_follow(struct bn_pager *pager, bool follow)
{
	pager->follow = follow;
}

bool
bn_pager_following(const struct bn_pager *pager)
{
	return pager->follow;
}

bool
bn_pager_at_top(const struct bn_pager *pager)
{
	return pager->top == 0 && pager->row == 0;
}

/* ---- searching --------------------------------------------------------------------------- */

static bool
matches(const struct bn_pager *pager, size_t line)
{
	return regexec(&pager->search, pager->lines[line].text, 0, NULL, 0) == 0;
}

static bool
to_hit(struct bn_pager *pager, bool forwards, bool from_here)
{
	size_t at = pager->top, i;

	if (!pager->searching || pager->count == 0)
		return false;
	for (i = from_here ? 0 : 1; i <= pager->count; i++) {
		size_t line = forwards ? (at + i) % pager->count
				       : (at + pager->count - i % pager->count) % pager->count;

		if (matches(pager, line)) {
			pager->top = line;
			pager->row = 0;
			pager->follow = false;
			return true;
		}
	}
	return false;
}

int
bn_pager_search(struct bn_pager *pager, const char *pattern, struct bn_error *err)
{
	int flags = REG_EXTENDED, rc;
	char why[128];
	const char *p;

	if (pager->searching)
		regfree(&pager->search);
	pager->searching = false;
	if (*pattern == '\0')
		return BN_OK;
	for (p = pattern; *p != '\0' && !isupper((unsigned char)*p); p++)
		continue;
	if (*p == '\0')
		flags |= REG_ICASE;
	rc = regcomp(&pager->search, pattern, flags);
	if (rc != 0) {
		regerror(rc, &pager->search, why, sizeof(why));
		return bn_fail(err, BN_EINVAL, "\"%s\": %s", pattern, why);
	}
	pager->searching = true;
	if (!to_hit(pager, true, true))
		return bn_fail(err, BN_ENOTFOUND, "no line matches \"%s\"", pattern);
	return BN_OK;
}

bool
bn_pager_act(struct bn_pager *pager, enum bn_action action)
{
	int page = pager->h > 1 ? pager->h - 1 : 1;

	switch (action) {
	case BN_ACT_DOWN:
		scroll_by(pager, 1);
		return true;
	case BN_ACT_UP:
		pager->follow = false;
		scroll_by(pager, -1);
		return true;
	case BN_ACT_HALF_DOWN:
		scroll_by(pager, (page + 1) / 2);
		return true;
	case BN_ACT_HALF_UP:
		pager->follow = false;
		scroll_by(pager, -(page + 1) / 2);
		return true;
	case BN_ACT_PAGE_DOWN:
	case BN_ACT_TEXT_PAGE:
		scroll_by(pager, page);
		return true;
	case BN_ACT_PAGE_UP:
		pager->follow = false;
		scroll_by(pager, -page);
		return true;
	case BN_ACT_TOP:
		pager->top = pager->row = 0;
		pager->follow = false;
		return true;
	case BN_ACT_BOTTOM:
		to_bottom(pager);
		return true;
	case BN_ACT_LEFT:
		pager->left = pager->left > 8 ? pager->left - 8 : 0;
		return true;
	case BN_ACT_RIGHT:
		pager->left += pager->left < 4096 && !pager->wrap ? 8 : 0;
		return true;
	case BN_ACT_FOLLOW:
		pager->follow = !pager->follow;
		return true;
	case BN_ACT_WRAP:
		pager->wrap = !pager->wrap;
		pager->left = 0;
		pager->row = 0;
		return true;
	case BN_ACT_NEXT:
		to_hit(pager, true, false);
		return true;
	case BN_ACT_PREVIOUS:
		to_hit(pager, false, false);
		return true;
	default:
		return false;
	}
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* Draws again, in the colour of hits, what matches in a piece of a line that stands at x. */
static void
draw_hits(const struct bn_pager *pager, struct bn_pen *pen, int y, int x, int width,
	  const char *piece)
{
	regmatch_t hit;
	size_t at = 0, size = strlen(piece);
	int guard;

	for (guard = 0; guard < 64 && at < size; guard++) {
		char *before, *text;
		int column;

		if (regexec(&pager->search, piece + at, 1, &hit, at > 0 ? REG_NOTBOL : 0) != 0)
			return;
		if (hit.rm_eo == hit.rm_so) {
			at += (size_t)hit.rm_eo + 1;
			continue;
		}
		before = bn_xstrndup(piece, at + (size_t)hit.rm_so);
		text = bn_xstrndup(piece + at + hit.rm_so, (size_t)(hit.rm_eo - hit.rm_so));
		column = (int)bn_text_width(before);
		if (column < width)
			bn_draw(pen, y, x + column, width - column, BN_INK(BN_ROLE_MATCH), text);
		free(before);
		free(text);
		at += (size_t)hit.rm_eo;
	}
}

static void
draw_text(const struct bn_pager *pager, struct bn_pen *pen, int y, int x, int width,
	  const struct line *line, const char *text)
{
	bn_draw(pen, y, x, width, BN_INK(line->role), text);
	if (pager->searching)
		draw_hits(pager, pen, y, x, width, text);
}

/* One row of a line that is wrapped. */
static void
draw_wrapped(const struct bn_pager *pager, struct bn_pen *pen, int y, int x, int width,
	     const struct line *line, size_t row)
{
	const char *text = line->text;
	char *piece;

	for (; row > 0 && width > 0; row--)
		text = next_row(text, width);
	piece = bn_xstrndup(text, width > 0 ? bn_text_fold(text, (size_t)width) : 0);
	draw_text(pager, pen, y, x, width, line, piece);
	free(piece);
}

/* A line that is cut: so many columns of it lie to the left. */
static void
draw_cut(const struct bn_pager *pager, struct bn_pen *pen, int y, int x, int width,
	 const struct line *line)
{
	size_t used;

	draw_text(pager, pen, y, x, width, line,
		  line->text + bn_text_fit(line->text, (size_t)pager->left, &used));
}

void
bn_pager_draw(struct bn_pager *pager, struct bn_pen *pen, struct bn_rect r)
{
	size_t index, row;
	int y;

	bn_draw_clear(pen, r);
	pager->h = r.h;
	pager->w = r.w;
	if (pager->top >= pager->count)
		pager->top = pager->count > 0 ? pager->count - 1 : 0;
	if (pager->follow || at_bottom(pager))
		to_bottom(pager);
	index = pager->top;
	row = pager->row;
	for (y = 0; y < r.h && index < pager->count; y++) {
		const struct line *line = &pager->lines[index];
		int head = head_width(line), room = r.w - head;

		if (head > 0 && row == 0)
			bn_draw(pen, r.y + y, r.x, head, BN_INK(BN_ROLE_DIM), line->head);
		if (pager->wrap)
			draw_wrapped(pager, pen, r.y + y, r.x + head, room, line, row);
		else
			draw_cut(pager, pen, r.y + y, r.x + head, room, line);
		if (++row >= rows_of(pager, index)) {
			index++;
			row = 0;
		}
	}
}

void
bn_pager_position(const struct bn_pager *pager, char *out, size_t size)
{
	size_t last = pager->top + (size_t)pager->h;
	int n;

	out[0] = '\0';
	if (last > pager->count)
		last = pager->count;
	if (pager->count == 0)
		return;
	n = snprintf(out, size, "%zu-%zu of %zu%s%s", pager->top + 1, last, pager->count,
		     pager->follow ? " · follow" : "", pager->wrap ? " · wrap" : "");
	if (pager->dropped > 0 && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, " · %zu older dropped", pager->dropped);
}
