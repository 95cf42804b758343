/* term.c - the terminal: taken over carefully, always given back. */
/* SPDX-License-Identifier: MIT */
#include "ui/term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

/* Last: it defines everyday words as macros. */
#include <term.h>

#define MAX_COPY 74994

struct bn_term {
	SCREEN *screen;
	bool ascii;
	bool extended; /* xterm's private modes are understood: bracketed paste, mouse reports */
	bool mouse;
	bool multiplexed; /* tmux or screen: OSC 52 goes through as it is in tmux, wrapped in screen
			   */
	int colours;
};

/* What a signal handler needs to give the terminal back: it has no argument to find it by. Written
 * before the handlers are installed and after they are removed. */
static struct {
	struct termios modes;
	char farewell[256];
	size_t length;
	bool armed;
} rescue;

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
#define FATAL_SIGNALS (sizeof(fatal_signals) / sizeof(fatal_signals[0]))

static void
on_fatal_signal(int number)
{
	if (rescue.armed) {
		ssize_t ignored = write(STDOUT_FILENO, rescue.farewell, rescue.length);

		(void)ignored;
		tcsetattr(STDIN_FILENO, TCSANOW, &rescue.modes);
	}
	raise(number); /* SA_RESETHAND: now it does what it always did */
}

static void
on_exit_restore(void)
{
	if (rescue.armed && !isendwin())
		endwin();
	if (rescue.armed) {
		fflush(stdout);
		rescue.armed = false;
	}
}

static void
add_string(const char *name)
{
	const char *string = tigetstr(name);
	size_t length;

	if (string == NULL || string == (const char *)-1)
		return;
	length = strlen(string);
	if (rescue.length + length > sizeof(rescue.farewell))
		return;
	memcpy(rescue.farewell + rescue.length, string, length);
	rescue.length += length;
}

#define PASTE_ON  "\033[?2004h"
#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MODES_OFF "\033[?1006l\033[?1000l\033[?2004l"

static void
arm(const struct bn_term *term)
{
	struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = (int)SA_RESETHAND};
	size_t i;

	rescue.length = 0;
	if (term->extended) {
		memcpy(rescue.farewell, MODES_OFF, strlen(MODES_OFF));
		rescue.length = strlen(MODES_OFF);
	}
	add_string("sgr0");
	add_string("cnorm");
	add_string("rmcup");
	rescue.armed = true;
	for (i = 0; i < FATAL_SIGNALS; i++)
		sigaction(fatal_signals[i], &action, NULL);
	atexit(on_exit_restore);
}

/* Straight to the terminal, past ncurses' buffer, which is empty between two paints. */
static void
send_raw(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = write(STDOUT_FILENO, bytes, size);

		if (sent <= 0)
			return;
		bytes += sent;
		size -= (size_t)sent;
	}
}

static bool
begins(const char *text, const char *const *heads)
{
	for (; *heads != NULL; heads++)
		if (strncmp(text, *heads, strlen(*heads)) == 0)
			return true;
	return false;
}

/* An engineer on kitty, foot, ghostty or wezterm who logs into a plain Debian host has a TERM that
 * this host doesn't know; all of them understand what xterm does. Anything else gets the least
 * there is. */
static const char *
substitute(const char *name)
{
	static const char *const like_xterm[] = {
	    "xterm", "foot",  "ghostty", "wezterm", "alacritty", "contour", "rio", "konsole",
	    "kitty", "iterm", "vscode",	 "gnome",   "st-",	 "mintty",  NULL};

	return begins(name, like_xterm) || getenv("COLORTERM") != NULL ? "xterm-256color" : "vt100";
}

/* Does this host have a description of it? Asked first, since a newterm() that fails leaks. */
static bool
known(const char *name)
{
	int why;

	if (setupterm(name, STDOUT_FILENO, &why) != OK)
		return false;
	del_curterm(cur_term);
	return true;
}

static int
start_screen(struct bn_term *term, const char *name, const char **replaced, struct bn_error *err)
{
	const char *cup;

	*replaced = NULL;
	if (!known(name))
		*replaced = substitute(name);
	if (*replaced != NULL && !known(*replaced))
		*replaced = "vt100";
	term->screen = newterm(*replaced != NULL ? *replaced : name, stdout, stdin);
	if (term->screen == NULL) {
		bn_fail(err, BN_EUNSUPPORTED, "the terminal type \"%s\" is not known here", name);
		return bn_hint(err, "install ncurses-base, or set TERM=xterm-256color");
	}
	cup = tigetstr("cup");
	if (cup == NULL || cup == (const char *)-1) {
		endwin();
		delscreen(term->screen);
		term->screen = NULL;
		bn_fail(err, BN_EUNSUPPORTED, "a terminal of type \"%s\" can't place its cursor",
			name);
		return bn_hint(err, "\"binnacle status\" prints the same as lines of text");
	}
	return BN_OK;
}

static void
send_modes(const struct bn_term *term)
{
	if (!term->extended)
		return;
	send_raw(PASTE_ON, strlen(PASTE_ON));
	if (term->mouse)
		send_raw(MOUSE_ON, strlen(MOUSE_ON));
}

static void
set_modes(struct bn_term *term)
{
	raw();
	noecho();
	nonl();
	typeahead(-1); /* nobody but our decoder reads keys */
	intrflush(NULL, FALSE);
	curs_set(0);
	idlok(stdscr, TRUE);
	if (has_colors()) {
		start_color();
		use_default_colors();
		term->colours = COLORS;
	}
	send_modes(term);
}

int
bn_term_open(struct bn_term **out, bool mouse, const char **replaced, struct bn_error *err)
{
	static const char *const extended[] = {"xterm", "tmux",	     "screen",
					       "foot",	"alacritty", NULL};
	const char *name = getenv("TERM"), *other = NULL;
	struct bn_term *term = NULL;
	int rc;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		bn_fail(err, BN_EUNSUPPORTED, "standard input and output are not a terminal");
		return bn_hint(err, "\"binnacle status\" prints the same as lines of text");
	}
	if (name == NULL || *name == '\0')
		name = "vt100";
	setlocale(LC_CTYPE, "");
	term = bn_xcalloc(1, sizeof(*term));
	term->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	tcgetattr(STDIN_FILENO, &rescue.modes);
	rc = start_screen(term, name, &other, err);
	if (rc != BN_OK) {
		free(term);
		return rc;
	}
	term->extended = begins(other != NULL ? other : name, extended);
	term->mouse = mouse;
	term->multiplexed = strncmp(name, "screen", 6) == 0 && getenv("TMUX") == NULL;
	arm(term);
	set_modes(term);
	if (replaced != NULL)
		*replaced = other;
	*out = term;
	return BN_OK;
}

void
bn_term_close(struct bn_term *term)
{
	size_t i;

	if (term == NULL)
		return;
	bn_term_release(term);
	rescue.armed = false;
	for (i = 0; i < FATAL_SIGNALS; i++)
		signal(fatal_signals[i], SIG_DFL);
	delscreen(term->screen);
	free(term);
}

int
bn_term_fd(const struct bn_term *term)
{
	(void)term;
	return STDIN_FILENO;
}

bool
bn_term_ascii(const struct bn_term *term)
{
	return term->ascii;
}

int
bn_term_colours(const struct bn_term *term)
{
	return term->colours;
}

bool
bn_term_resized(struct bn_term *term)
{
	struct winsize size;

	(void)term;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return false;
	if (size.ws_row == LINES && size.ws_col == COLS)
		return false;
	resizeterm(size.ws_row, size.ws_col);
	return true;
}

void
bn_term_paint(struct bn_term *term, bool whole)
{
	(void)term;
	if (whole)
		clearok(curscr, TRUE);
	wnoutrefresh(stdscr);
	doupdate();
}

void
bn_term_release(struct bn_term *term)
{
	if (term->extended)
		send_raw(MODES_OFF, strlen(MODES_OFF));
	if (!isendwin())
		endwin();
}

void
bn_term_reclaim(struct bn_term *term)
{
	reset_prog_mode();
	send_modes(term);
	curs_set(0);
	bn_term_paint(term, true);
}

/* ---- the clipboard ----------------------------------------------------------------------- */

static void
base64(struct bn_buf *out, const char *text, size_t size)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < size; i += 3) {
		unsigned long bits = (unsigned long)(unsigned char)text[i] << 16;

		if (i + 1 < size)
			bits |= (unsigned long)(unsigned char)text[i + 1] << 8;
		if (i + 2 < size)
			bits |= (unsigned char)text[i + 2];
		bn_buf_addc(out, digits[bits >> 18]);
		bn_buf_addc(out, digits[bits >> 12 & 63]);
		bn_buf_addc(out, i + 1 < size ? digits[bits >> 6 & 63] : '=');
		bn_buf_addc(out, i + 2 < size ? digits[bits & 63] : '=');
	}
}

/* screen(1) passes on what stands in a device control string, 768 bytes at most at a time; tmux
 * takes OSC 52 itself. */
static void
send_wrapped(const char *bytes, size_t size)
{
	while (size > 0) {
		size_t piece = size < 512 ? size : 512;

		send_raw("\033P", 2);
		send_raw(bytes, piece);
		send_raw("\033\\", 2);
		bytes += piece;
		size -= piece;
	}
}

int
bn_term_copy(struct bn_term *term, const char *text, struct bn_error *err)
{
	struct bn_buf out = BN_BUF_INIT(0);

	if (strlen(text) > MAX_COPY)
		return bn_fail(err, BN_ETOOBIG,
			       "%zu bytes are more than a terminal's clipboard takes (%d)",
			       strlen(text), MAX_COPY);
	bn_buf_adds(&out, "\033]52;c;");
	base64(&out, text, strlen(text));
	bn_buf_addc(&out, '\a');
	if (!term->multiplexed)
		send_raw(out.data, out.size);
	else
		send_wrapped(out.data, out.size);
	bn_buf_free(&out);
	return BN_OK;
}
