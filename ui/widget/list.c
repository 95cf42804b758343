/* list.c - the list engine: columns by width, cursor by identity, order that never jumps, marks, sorting. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/widget/cell.h"

struct bn_list {
	const char *id_column;
	struct bn_rows *rows;
	uint64_t *ids; /* of each row */
	size_t *order; /* row at each place of the list */
	size_t count;
	size_t cursor, top; /* places */
	bool moved;	    /* the cursor was put somewhere on purpose: it sticks to that thing */
	uint64_t wanted;    /* a thing to select when it comes; 0: none */
	uint64_t *marks;
	size_t marked, mark_room;
	uint64_t anchor; /* where a range begins: what was marked last */
	/* as last drawn */
	struct bn_columns shown;
	int first_line, lines;
	/* sorting */
	char sort_name[40];
	bool descending;
	char sort[48];
};

/* ---- identity ---------------------------------------------------------------------------- */

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	while (size-- > 0)
		hash = (hash ^ *p++) * 1099511628211u;
	return hash;
}

static uint64_t
hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text == NULL ? "" : text, text == NULL ? 1 : strlen(text) + 1);
}

static uint64_t
hash_ref(struct bn_ref ref)
{
	uint64_t hash = hash_text(14695981039346656037u, ref.source);

	hash = hash_bytes(hash, &ref.kind, sizeof(ref.kind));
	return hash_text(hash, ref.key);
}

static uint64_t
row_id(const struct bn_list *list, const struct bn_rows *rows, size_t row)
{
	uint64_t hash = hash_ref(bn_rows_ref(rows, row));
	struct bn_value value;

	if (list->id_column == NULL)
		return hash;
	value = bn_rows_named(rows, row, list->id_column);
	if (value.type == BN_VALUE_INT)
		return hash_bytes(hash, &value.i, sizeof(value.i));
	return value.type == BN_VALUE_TEXT ? hash_text(hash, value.s) : hash;
}

/* An open-addressed map from identity to row; a second row with the same identity is found after
 * the first. */
struct map {
	size_t *slots; /* row + 1, 0: empty */
	size_t mask;
	const uint64_t *ids;
};

static void
map_fill(struct map *map, const uint64_t *ids, size_t count)
{
	size_t size = 16, i;

	while (size < count * 2)
		size *= 2;
	map->slots = bn_xcalloc(size, sizeof(*map->slots));
	map->mask = size - 1;
	map->ids = ids;
	for (i = 0; i < count; i++) {
		size_t at = (size_t)ids[i] & map->mask;

		while (map->slots[at] != 0)
			at = (at + 1) & map->mask;
		map->slots[at] = i + 1;
	}
}

/* The first row of that identity that isn't `taken` yet; SIZE_MAX if none. */
static size_t
map_find(const struct map *map, uint64_t id, const bool *taken)
{
	size_t at = (size_t)id & map->mask;

	for (; map->slots[at] != 0; at = (at + 1) & map->mask) {
		size_t row = map->slots[at] - 1;

		if (map->ids[row] == id && (taken == NULL || !taken[row]))
			return row;
	}
	return SIZE_MAX;
}

/* ---- life -------------------------------------------------------------------------------- */

struct bn_list *
bn_list_new(const char *id_column)
{
	struct bn_list *list = bn_xcalloc(1, sizeof(*list));

	list->id_column = id_column;
	return list;
}

void
bn_list_free(struct bn_list *list)
{
	if (list == NULL)
		return;
	bn_rows_free(list->rows);
	free(list->ids);
	free(list->order);
	free(list->marks);
	bn_columns_clear(&list->shown);
	free(list);
}

/* The old order, with what is gone left out and what is new at the end. */
static size_t *
held_order(const struct bn_list *list, const uint64_t *ids, size_t count)
{
	size_t *order = bn_xcalloc(count + 1, sizeof(*order)), n = 0, i;
	bool *taken = bn_xcalloc(count + 1, sizeof(*taken));
	struct map map;

	map_fill(&map, ids, count);
	for (i = 0; i < list->count; i++) {
		size_t row = map_find(&map, list->ids[list->order[i]], taken);

		if (row == SIZE_MAX)
			continue;
		taken[row] = true;
		order[n++] = row;
	}
	for (i = 0; i < count; i++)
		if (!taken[i])
			order[n++] = i;
	free(map.slots);
	free(taken);
	return order;
}

static size_t *
query_order(size_t count)
{
	size_t *order = bn_xcalloc(count + 1, sizeof(*order)), i;

	for (i = 0; i < count; i++)
		order[i] = i;
	return order;
}

static size_t
place_of(const struct bn_list *list, uint64_t id)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->ids[list->order[i]] == id)
			return i;
	return SIZE_MAX;
}

/* Keeps the cursor with its thing, on the same line of the screen where that is possible. */
static void
keep_cursor(struct bn_list *list, uint64_t id, size_t line)
{
	size_t place = SIZE_MAX;

	if (list->wanted != 0) {
		place = place_of(list, list->wanted);
		if (place != SIZE_MAX) {
			list->wanted = 0;
			list->moved = true;
		}
	}
	if (place == SIZE_MAX && !list->moved) {
		list->cursor = list->top = 0;
		return;
	}
	if (place == SIZE_MAX)
		place = place_of(list, id);
	if (place != SIZE_MAX)
		list->cursor = place;
	else if (list->cursor >= list->count)
		list->cursor = list->count > 0 ? list->count - 1 : 0;
	list->top = list->cursor > line ? list->cursor - line : 0;
}

void
bn_list_set(struct bn_list *list, struct bn_rows *rows, bool hold)
{
	size_t count = bn_rows_count(rows), i;
	uint64_t *ids = bn_xcalloc(count + 1, sizeof(*ids));
	uint64_t id = list->count > 0 ? list->ids[list->order[list->cursor]] : 0;
	size_t line = list->cursor - list->top, *order;

	for (i = 0; i < count; i++)
		ids[i] = row_id(list, rows, i);
	order = hold && list->moved && list->count > 0 ? held_order(list, ids, count)
						       : query_order(count);
	bn_rows_free(list->rows);
	free(list->ids);
	free(list->order);
	list->rows = rows;
	list->ids = ids;
	list->order = order;
	list->count = count;
	keep_cursor(list, id, line);
	bn_columns_measure(&list->shown, rows);
}

const struct bn_rows *
bn_list_rows(const struct bn_list *list)
{
	return list->rows;
}

size_t
bn_list_count(const struct bn_list *list)
{
	return list->count;
}

bool
bn_list_selected(const struct bn_list *list, size_t *row)
{
	if (list->count == 0)
		return false;
	*row = list->order[list->cursor];
	return true;
}

size_t
bn_list_row_at(const struct bn_list *list, size_t place)
{
	return list->order[place];
}

void
bn_list_home(struct bn_list *list)
{
	list->cursor = list->top = 0;
	list->moved = false;
}

void
bn_list_select(struct bn_list *list, struct bn_ref ref)
{
	uint64_t id = hash_ref(ref);
	size_t place = place_of(list, id);

	list->wanted = id;
	if (place == SIZE_MAX)
		return;
	list->wanted = 0;
	list->cursor = place;
	list->moved = true;
}

void
bn_list_stay(struct bn_list *list)
{
	list->moved = list->moved || list->count > 0;
}

bool
bn_list_put(const struct bn_list *list)
{
	return list->moved;
}

/* ---- marks ------------------------------------------------------------------------------- */

static size_t
mark_index(const struct bn_list *list, uint64_t id)
{
	size_t low = 0, high = list->marked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->marks[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has_mark(const struct bn_list *list, uint64_t id)
{
	size_t at = mark_index(list, id);

	return at < list->marked && list->marks[at] == id;
}

static void
set_mark(struct bn_list *list, uint64_t id, bool on)
{
	size_t at = mark_index(list, id);
	bool there = at < list->marked && list->marks[at] == id;

	if (there == on)
		return;
	if (!on) {
		memmove(list->marks + at, list->marks + at + 1,
			(list->marked - at - 1) * sizeof(*list->marks));
		list->marked--;
		return;
	}
	if (list->marked == list->mark_room) {
		list->mark_room = list->mark_room == 0 ? 16 : list->mark_room * 2;
		list->marks = bn_xrealloc(list->marks, list->mark_room, sizeof(*list->marks));
	}
	memmove(list->marks + at + 1, list->marks + at, (list->marked - at) * sizeof(*list->marks));
	list->marks[at] = id;
	list->marked++;
}

static void
mark_places(struct bn_list *list, size_t from, size_t to)
{
	size_t i;

	if (from > to) {
		i = from;
		from = to;
		to = i;
	}
	for (i = from; i <= to && i < list->count; i++)
		set_mark(list, list->ids[list->order[i]], true);
}

size_t
bn_list_marked(const struct bn_list *list)
{
	return list->marked;
}

bool
bn_list_is_marked(const struct bn_list *list, size_t row)
{
	return has_mark(list, list->ids[row]);
}

void
bn_list_mark(struct bn_list *list, size_t row)
{
	set_mark(list, list->ids[row], true);
	list->moved = true;
}

static void
mark_act(struct bn_list *list, enum bn_action action)
{
	uint64_t id = list->ids[list->order[list->cursor]];
	size_t from;

	switch (action) {
	case BN_ACT_MARK:
		set_mark(list, id, !has_mark(list, id));
		list->anchor = id;
		if (list->cursor + 1 < list->count)
			list->cursor++;
		break;
	case BN_ACT_RANGE:
		from = place_of(list, list->anchor);
		mark_places(list, from == SIZE_MAX ? list->cursor : from, list->cursor);
		list->anchor = id;
		break;
	case BN_ACT_MARK_ALL:
		mark_places(list, 0, list->count - 1);
		break;
	default:
		list->marked = 0;
	}
	list->moved = true;
}

/* ---- moving ------------------------------------------------------------------------------ */

static void
move_by(struct bn_list *list, long by)
{
	long to = (long)list->cursor + by;

	if (to < 0)
		to = 0;
	if (to >= (long)list->count)
		to = (long)list->count - 1;
	list->cursor = (size_t)to;
	list->moved = true;
}

bool
bn_list_act(struct bn_list *list, enum bn_action action)
{
	long page = list->lines > 1 ? list->lines : 1;

	if (action == BN_ACT_UNMARK) {
		list->marked = 0;
		return true;
	}
	if (list->count == 0)
		return false;
	switch (action) {
	case BN_ACT_DOWN:
		move_by(list, 1);
		return true;
	case BN_ACT_UP:
		move_by(list, -1);
		return true;
	case BN_ACT_TOP:
		move_by(list, -(long)list->count);
		return true;
	case BN_ACT_BOTTOM:
		move_by(list, (long)list->count);
		return true;
	case BN_ACT_HALF_DOWN:
		move_by(list, (page + 1) / 2);
		return true;
	case BN_ACT_HALF_UP:
		move_by(list, -(page + 1) / 2);
		return true;
	case BN_ACT_PAGE_DOWN:
		move_by(list, page);
		return true;
	case BN_ACT_PAGE_UP:
		move_by(list, -page);
		return true;
	case BN_ACT_MARK:
	case BN_ACT_RANGE:
	case BN_ACT_MARK_ALL:
		mark_act(list, action);
		return true;
	default:
		return false;
	}
}

bool
bn_list_click(struct bn_list *list, int y)
{
	size_t place;

	if (y < list->first_line || y >= list->first_line + list->lines)
		return false;
	place = list->top + (size_t)(y - list->first_line);
	if (place >= list->count)
		return false;
	list->cursor = place;
	list->moved = true;
	return true;
}

/* ---- sorting ----------------------------------------------------------------------------- */

static int
sort_index(const struct bn_list *list)
{
	size_t i;

	for (i = 0; i < list->shown.count; i++)
		if (strcmp(list->shown.at[i].column->name, list->sort_name) == 0)
			return (int)i;
	return -1;
}

bool
bn_list_sort_act(struct bn_list *list, enum bn_action action)
{
	int index = sort_index(list), count = (int)list->shown.count;

	if (count == 0)
		return false;
	if (action == BN_ACT_SORT)
		list->descending = !list->descending;
	else if (action == BN_ACT_SORT_RIGHT)
		index = index + 1 < count ? index + 1 : -1;
	else if (action == BN_ACT_SORT_LEFT)
		index = index >= 0 ? index - 1 : count - 1;
	else
		return false;
	if (index < 0) { /* past either end lies the table's own order */
		list->sort_name[0] = list->sort[0] = '\0';
		list->descending = false;
		return true;
	}
	if (action != BN_ACT_SORT)
		list->descending = false;
	snprintf(list->sort_name, sizeof(list->sort_name), "%s",
		 list->shown.at[index].column->name);
	snprintf(list->sort, sizeof(list->sort), "%s%s", list->descending ? "-" : "",
		 list->sort_name);
	return true;
}

const char *
bn_list_sort(const struct bn_list *list)
{
	return list->sort[0] == '\0' ? NULL : list->sort;
}

/* ---- drawing ----------------------------------------------------------------------------- */

static void
draw_header(const struct bn_list *list, struct bn_pen *pen, int y, int x)
{
	size_t i;

	for (i = 0; i < list->shown.count; i++) {
		const struct bn_shown *s = &list->shown.at[i];
		bool sorted = strcmp(s->column->name, list->sort_name) == 0;
		struct bn_ink ink = BN_INK(sorted ? BN_ROLE_ACCENT : BN_ROLE_DIM);
		char text[48];

		if (s->column->format == BN_FORMAT_HISTORY) /* as many as are shown */
			snprintf(text, sizeof(text), "LAST %d", s->width);
		else
			snprintf(text, sizeof(text), "%s%s", s->column->header,
				 !sorted	    ? ""
				 : list->descending ? "↓"
						    : "↑");
		if (s->column->align == BN_RIGHT)
			bn_draw_right(pen, y, x + s->x, s->width, ink, text);
		else
			bn_draw(pen, y, x + s->x, s->width, ink, text);
	}
}

/* The row of a group: its first column, then words over all the others. */
static void
draw_group(const struct bn_list *list, struct bn_pen *pen, struct bn_rect r, size_t row,
	   const struct bn_list_look *look, bool selected, bool stale)
{
	struct bn_value words = bn_rows_named(list->rows, row, look->group_text);
	enum bn_status status = bn_rows_status(list->rows, row);
	int x = r.x;
	size_t i;

	for (i = 0; i < list->shown.count; i++) {
		const struct bn_shown *s = &list->shown.at[i];
		struct bn_value value = bn_rows_value(list->rows, row, s->index);

		x = r.x + s->x;
		if (s->column->format == BN_FORMAT_STATUS) {
			bn_cell_draw(pen, r.y, x, s->width, s->column, value, &look->style, stale,
				     selected);
			continue;
		}
		x += bn_draw(pen, r.y, x, r.w - s->x,
			     BN_INK_ON(stale ? BN_ROLE_STALE : BN_ROLE_HEADING, selected),
			     value.type == BN_VALUE_TEXT ? value.s : "");
		break;
	}
	if (words.type != BN_VALUE_TEXT || words.s[0] == '\0')
		return;
	bn_draw(
	    pen, r.y, x + 2, r.x + r.w - x - 3,
	    BN_INK_ON(bn_status_row(status)->problem ? bn_status_row(status)->role : BN_ROLE_DIM,
		      selected),
	    words.s);
}

/* The sign that a row has, or NULL. A time that is over is no longer true. */
static const struct bn_list_sign *
sign_of(const struct bn_list *list, size_t row, const struct bn_list_look *look)
{
	const struct bn_list_sign *sign;

	for (sign = look->signs; sign != NULL && sign->column != NULL; sign++) {
		size_t i, count = bn_rows_columns(list->rows);

		for (i = 0; i < count; i++) {
			const struct bn_column *column = bn_rows_column(list->rows, i);
			int64_t value = bn_rows_value(list->rows, row, i).i;

			if (strcmp(column->name, sign->column) == 0 &&
			    (column->format == BN_FORMAT_UNTIL ? value > look->style.now
							       : value != 0))
				return sign;
		}
	}
	return NULL;
}

/* What stands left of a row: a person's mark, or what became of it. */
static void
draw_margin(const struct bn_list *list, struct bn_pen *pen, struct bn_rect r, size_t row,
	    const struct bn_list_look *look, bool selected)
{
	const struct bn_list_sign *sign;

	if (has_mark(list, list->ids[row]))
		bn_draw(pen, r.y, r.x, 1, BN_INK_ON(BN_ROLE_MARKED, selected), "*");
	else if ((sign = sign_of(list, row, look)) != NULL)
		bn_draw(pen, r.y, r.x, 1, BN_INK_ON(sign->role, selected), sign->sign);
}

/* The status that a column's cell is marked with; BN_HEALTHY where it has none. */
static enum bn_status
state_of(const struct bn_list *list, size_t row, const struct bn_column *column,
	 const struct bn_list_look *look)
{
	const struct bn_list_state *state;
	struct bn_value value;

	for (state = look->states; state != NULL && state->column != NULL; state++)
		if (strcmp(state->column, column->name) == 0) {
			value = bn_rows_named(list->rows, row, state->state);
			return value.type == BN_VALUE_INT ? (enum bn_status)value.i : BN_HEALTHY;
		}
	return BN_HEALTHY;
}

/* A cell that says itself whether it is as it should be: its last column is kept for the mark. */
static void
draw_stated(struct bn_pen *pen, int y, int x, const struct bn_shown *s, struct bn_value value,
	    const struct bn_list_look *look, enum bn_status state, bool stale, bool selected)
{
	const struct bn_status_row *status = bn_status_row(state);
	struct bn_buf text = BN_BUF_INIT(4096);
	struct bn_ink ink = BN_INK_ON(stale ? BN_ROLE_STALE : status->role, selected);

	bn_view_show(&text, s->column, value, &look->style, (size_t)s->width - 1);
	if (value.type == BN_VALUE_NULL)
		bn_buf_adds(&text, bn_view_absent(&look->style));
	if (s->column->align == BN_RIGHT)
		bn_draw_right(pen, y, x, s->width - 1, ink, bn_buf_text(&text));
	else
		bn_draw(pen, y, x, s->width - 1, ink, bn_buf_text(&text));
	bn_draw(pen, y, x + s->width - 1, 1, ink,
		look->style.ascii ? status->ascii : status->glyph);
	bn_buf_free(&text);
}

/* How old it is what a row says that is too old to be believed: over whatever stands at its end. */
static void
draw_age(const struct bn_list *list, struct bn_pen *pen, struct bn_rect r, size_t row,
	 bool selected)
{
	char age[BN_TIME_TEXT], text[BN_TIME_TEXT + 8];

	if (!bn_rows_stale(list->rows, row) || bn_rows_age(list->rows, row) < 0)
		return;
	snprintf(text, sizeof(text), "  %s old",
		 bn_duration_show(bn_rows_age(list->rows, row), age));
	bn_draw_right(pen, r.y, r.x, r.w, BN_INK_ON(BN_ROLE_STALE, selected), text);
}

static void
draw_row(const struct bn_list *list, struct bn_pen *pen, struct bn_rect r, size_t place,
	 const struct bn_list_look *look)
{
	size_t row = list->order[place], i;
	bool selected = look->cursor && place == list->cursor;
	bool stale = bn_rows_stale(list->rows, row) ||
		     (look->dim != NULL && bn_rows_named(list->rows, row, look->dim).i != 0);
	bool grouped = look->level_column != NULL;
	int indent = grouped ? 2 : 0; /* of the mark and the first column after it */

	bn_draw_blank(pen, r.y, r.x, r.w, BN_INK_ON(BN_ROLE_TEXT, selected));
	if (look->margin)
		draw_margin(list, pen, r, row, look, selected);
	if (grouped && bn_rows_named(list->rows, row, look->level_column).i == 0) {
		draw_group(list, pen, r, row, look, selected, stale);
		draw_age(list, pen, r, row, selected);
		return;
	}
	for (i = 0; i < list->shown.count; i++) {
		const struct bn_shown *s = &list->shown.at[i];
		bool mark = s->column->format == BN_FORMAT_STATUS;
		enum bn_status state = state_of(list, row, s->column, look);

		if (!bn_status_row(state)->fine && s->width > 2) {
			draw_stated(pen, r.y, r.x + s->x, s,
				    bn_rows_value(list->rows, row, s->index), look, state, stale,
				    selected);
			continue;
		}
		bn_cell_draw(pen, r.y, r.x + s->x + indent, s->width - (mark ? 0 : indent),
			     s->column, bn_rows_value(list->rows, row, s->index), &look->style,
			     stale, selected);
		if (!mark)
			indent = 0;
	}
	draw_age(list, pen, r, row, selected);
}

void
bn_list_draw(struct bn_list *list, struct bn_pen *pen, struct bn_rect r,
	     const struct bn_list_look *look)
{
	int line;

	bn_draw_clear(pen, r);
	list->first_line = r.y;
	list->lines = 0;
	if (list->rows == NULL || r.h <= 0 || r.w <= 0)
		return;
	bn_columns_lay(&list->shown, list->rows, r.w, look->level, look->margin, look->hidden,
		       look->also);
	if (look->header && r.h > 1) {
		draw_header(list, pen, r.y, r.x);
		r.y++;
		r.h--;
	}
	list->first_line = r.y;
	list->lines = r.h;
	if (list->cursor < list->top)
		list->top = list->cursor;
	if (list->cursor >= list->top + (size_t)r.h)
		list->top = list->cursor - (size_t)r.h + 1;
	if (list->top + (size_t)r.h > list->count)
		list->top = list->count > (size_t)r.h ? list->count - (size_t)r.h : 0;
	for (line = 0; line < r.h && list->top + (size_t)line < list->count; line++)
		draw_row(list, pen, (struct bn_rect){r.y + line, r.x, 1, r.w},
			 list->top + (size_t)line, look);
}

void
bn_list_position(const struct bn_list *list, char *out, size_t size)
{
	size_t last = list->top + (size_t)(list->lines > 0 ? list->lines : 0);
	size_t total = list->rows == NULL ? 0 : bn_rows_total(list->rows);

	out[0] = '\0';
	if (last > list->count)
		last = list->count;
	if (list->top > 0 || last < total)
		snprintf(out, size, "%zu-%zu of %zu", list->top + 1, last, total);
}
