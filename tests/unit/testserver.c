/* testserver.c - a small HTTP server on loopback that misbehaves exactly as a test tells it to. */
/* SPDX-License-Identifier: MIT */
#include "testserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base/json.h"
#include "base/memory.h"

struct ts_conn {
	struct testserver *server;
	struct ts_conn *next;
	pthread_t thread;
	int fd;
	SSL *ssl;
	bool whole; /* the last answer was complete: keep the connection */
};

struct testserver {
	ts_handler *handler;
	void *payload;
	int fd, stop, port;
	char url[64];
	SSL_CTX *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	struct ts_conn *conns;
	int requests, connections;
	struct bn_buf heads;
};

static void
die(const char *what)
{
	perror(what);
	abort();
}

/* ---- certificates -------------------------------------------------------------------------- */

static X509 *
make_certificate(EVP_PKEY *key, const struct ts_tls *tls)
{
	static long serial;
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509V3_CTX ctx;
	X509_EXTENSION *san, *basic;
	char text[200];
	struct in_addr address;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial + (long)getpid() * 1000);
	X509_gmtime_adj(X509_getm_notBefore(cert), tls->from);
	X509_gmtime_adj(X509_getm_notAfter(cert), tls->until);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1,
				   0);
	X509_set_issuer_name(cert, name);
	snprintf(text, sizeof(text), "%s:%s",
		 inet_pton(AF_INET, tls->name, &address) == 1 ? "IP" : "DNS", tls->name);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	san = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, text);
	basic = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "CA:TRUE");
	if (san == NULL || basic == NULL)
		die("certificate extensions");
	X509_add_ext(cert, san, -1);
	X509_add_ext(cert, basic, -1);
	X509_EXTENSION_free(san);
	X509_EXTENSION_free(basic);
	X509_sign(cert, key, EVP_sha256());
	return cert;
}

static SSL_CTX *
make_tls(const struct ts_tls *tls)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = make_certificate(key, tls);
	FILE *out;

	if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
		die("certificate");
	if (tls->max_version != 0) {
		/* Debian's default security level has no TLS 1.1 at all. */
		SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
		SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(ctx, tls->max_version);
	}
	if (tls->pem_out != NULL) {
		if ((out = fopen(tls->pem_out, "w")) == NULL || PEM_write_X509(out, cert) != 1)
			die(tls->pem_out);
		fclose(out);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

/* ---- bytes
 * ------------------------------------------------------------------------------------------------------
 */

static ssize_t
receive(struct ts_conn *conn, void *bytes, size_t size)
{
	struct pollfd fds[2] = {{conn->fd, POLLIN, 0}, {conn->server->stop, POLLIN, 0}};

	if (conn->ssl == NULL || SSL_pending(conn->ssl) == 0) {
		if (poll(fds, 2, 20000) <= 0 || fds[1].revents != 0)
			return -1;
	}
	return conn->ssl != NULL ? SSL_read(conn->ssl, bytes, (int)size)
				 : recv(conn->fd, bytes, size, 0);
}

bool
ts_send(struct ts_conn *conn, const void *bytes, size_t size)
{
	const char *b = bytes;
	struct pollfd fds[2] = {{conn->fd, POLLOUT, 0}, {conn->server->stop, POLLIN, 0}};
	ssize_t sent;

	while (size > 0) {
		if (poll(fds, 2, 20000) <= 0 || fds[1].revents != 0)
			return false;
		sent = conn->ssl != NULL
			   ? SSL_write(conn->ssl, b, (int)(size < 16384 ? size : 16384))
			   : send(conn->fd, b, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && conn->ssl == NULL && errno == EAGAIN)
			continue;
		if (sent <= 0)
			return false;
		b += sent;
		size -= (size_t)sent;
	}
	return true;
}

bool
ts_sends(struct ts_conn *conn, const char *text)
{
	return ts_send(conn, text, strlen(text));
}

bool
ts_chunk(struct ts_conn *conn, const char *text)
{
	char head[20];

	snprintf(head, sizeof(head), "%zx\r\n", strlen(text));
	return ts_sends(conn, head) && ts_sends(conn, text) && ts_sends(conn, "\r\n");
}

void
ts_hold(struct ts_conn *conn)
{
	char bytes[256];

	while (receive(conn, bytes, sizeof(bytes)) > 0)
		continue;
}

void
ts_reply_bytes(struct ts_conn *conn, int status, const char *headers, const void *body, size_t size)
{
	char *head = bn_xasprintf("HTTP/1.1 %d Test\r\nContent-Length: %zu\r\n%s\r\n", status, size,
				  headers != NULL ? headers : "");
	struct bn_buf all = BN_BUF_INIT(0);

	/* In one piece: two small ones would wait for each other (Nagle, delayed ACK). */
	bn_buf_adds(&all, head);
	bn_buf_add(&all, body, size);
	conn->whole = ts_send(conn, all.data, all.size);
	bn_buf_free(&all);
	free(head);
}

void
ts_reply(struct ts_conn *conn, int status, const char *headers, const char *body)
{
	ts_reply_bytes(conn, status, headers, body, strlen(body));
}

void
ts_json(struct ts_conn *conn, const char *body)
{
	ts_reply(conn, 200, "Content-Type: application/json\r\n", body);
}

unsigned char *
ts_gzip_of(const void *bytes, size_t size, size_t *out)
{
	z_stream z = {0};
	uLong room;
	unsigned char *packed;
	union {
		const void *in;
		unsigned char *out;
	} cast = {bytes};

	if (deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die("deflateInit2");
	room = deflateBound(&z, size);
	packed = bn_xmalloc(room);
	z.next_in = cast.out;
	z.avail_in = (uInt)size;
	z.next_out = packed;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("deflate");
	*out = z.total_out;
	deflateEnd(&z);
	return packed;
}

/* ---- connections
 * ---------------------------------------------------------------------------------------------------
 */

/* Reads a request; false at the end of the connection. */
static bool
read_request(struct ts_conn *conn, struct bn_buf *in, size_t *head_size, size_t *total)
{
	const char *end, *length;
	char bytes[4096];
	ssize_t got;

	*head_size = 0;
	for (;;) {
		if (in->size > 0 && (end = strstr(bn_buf_text(in), "\r\n\r\n")) != NULL) {
			*head_size = (size_t)(end - in->data) + 4;
			length = strcasestr(in->data, "\r\nContent-Length:");
			*total =
			    *head_size +
			    (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
			if (in->size >= *total)
				return true;
		}
		if ((got = receive(conn, bytes, sizeof(bytes))) <= 0)
			return false;
		bn_buf_add(in, bytes, (size_t)got);
	}
}

/* Where clients write down what they send: to be compared with it. */
static void
write_down(const struct ts_request *request)
{
	const char *path = getenv("BINNACLE_RECORD");
	FILE *file = path != NULL && *path != '\0' ? fopen(path, "ae") : NULL;
	struct bn_buf line = BN_BUF_INIT(0);

	if (file == NULL)
		return;
	bn_buf_adds(&line, "{\"seen\":\"testserver\",\"method\":");
	bn_json_quote(&line, request->method);
	bn_buf_adds(&line, ",\"path\":");
	bn_json_quote(&line, request->target);
	bn_buf_adds(&line, "}\n");
	fwrite(line.data, 1, line.size, file);
	bn_buf_free(&line);
	fclose(file);
}

static void
answer(struct ts_conn *conn, struct bn_buf *in, size_t head_size, size_t total)
{
	struct testserver *server = conn->server;
	char *head = bn_xstrndup(in->data, head_size);
	char *body = bn_xstrndup(in->data + head_size, total - head_size);
	char *method = bn_xstrndup(head, strcspn(head, " \r"));
	const char *at = head + strlen(method) + 1;
	char *target = bn_xstrndup(at, strcspn(at, " \r"));
	struct ts_request request = {method, target, head, body, 0};

	pthread_mutex_lock(&server->lock);
	request.number = server->requests++;
	bn_buf_adds(&server->heads, head);
	pthread_mutex_unlock(&server->lock);
	conn->whole = false;
	write_down(&request);
	server->handler(conn, &request, server->payload);
	free(head);
	free(body);
	free(method);
	free(target);
}

static void *
conn_main(void *payload)
{
	struct ts_conn *conn = payload;
	struct bn_buf in = BN_BUF_INIT(0), rest = BN_BUF_INIT(0);
	size_t head_size, total;

	if (conn->server->ctx != NULL) {
		conn->ssl = SSL_new(conn->server->ctx);
		SSL_set_fd(conn->ssl, conn->fd);
		if (SSL_accept(conn->ssl) != 1)
			goto out;
	}
	while (read_request(conn, &in, &head_size, &total)) {
		answer(conn, &in, head_size, total);
		if (!conn->whole)
			break;
		bn_buf_reset(&rest);
		bn_buf_add(&rest, in.data + total, in.size - total);
		bn_buf_reset(&in);
		bn_buf_add(&in, bn_buf_text(&rest), rest.size);
	}
out:
	if (conn->ssl != NULL) {
		SSL_shutdown(conn->ssl);
		SSL_free(conn->ssl);
	}
	shutdown(conn->fd, SHUT_RDWR);
	bn_buf_free(&in);
	bn_buf_free(&rest);
	return NULL;
}

static void *
server_main(void *payload)
{
	struct testserver *server = payload;
	struct pollfd fds[2] = {{server->fd, POLLIN, 0}, {server->stop, POLLIN, 0}};
	struct ts_conn *conn;
	int fd, one = 1;

	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		if ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) < 0)
			continue;
		/* head and body go out apart: without it the body would wait for an ACK */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		conn = bn_xcalloc(1, sizeof(*conn));
		conn->server = server;
		conn->fd = fd;
		pthread_mutex_lock(&server->lock);
		conn->next = server->conns;
		server->conns = conn;
		server->connections++;
		pthread_mutex_unlock(&server->lock);
		if (pthread_create(&conn->thread, NULL, conn_main, conn) != 0)
			die("pthread_create");
	}
	return NULL;
}

/* ---- life
 * --------------------------------------------------------------------------------------------------------------
 */

struct testserver *
ts_start(ts_handler *handler, void *payload, const struct ts_tls *tls)
{
	struct testserver *server = bn_xcalloc(1, sizeof(*server));
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int one = 1;

	signal(SIGPIPE, SIG_IGN);
	server->handler = handler;
	server->payload = payload;
	pthread_mutex_init(&server->lock, NULL);
	server->stop = eventfd(0, EFD_CLOEXEC);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(server->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(server->fd, 512) != 0 ||
	    getsockname(server->fd, (struct sockaddr *)&address, &size) != 0)
		die("listen");
	server->port = ntohs(address.sin_port);
	if (tls != NULL)
		server->ctx = make_tls(tls);
	snprintf(server->url, sizeof(server->url), "%s:%d",
		 tls != NULL ? "https://localhost" : "http://127.0.0.1", server->port);
	if (pthread_create(&server->thread, NULL, server_main, server) != 0)
		die("pthread_create");
	return server;
}

void
ts_stop(struct testserver *server)
{
	struct ts_conn *conn;
	uint64_t one = 1;

	if (server == NULL)
		return;
	if (write(server->stop, &one, sizeof(one)) != sizeof(one))
		die("eventfd");
	pthread_join(server->thread, NULL);
	while ((conn = server->conns) != NULL) {
		server->conns = conn->next;
		pthread_join(conn->thread, NULL);
		close(conn->fd);
		free(conn);
	}
	close(server->fd);
	close(server->stop);
	SSL_CTX_free(server->ctx);
	bn_buf_free(&server->heads);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

int
ts_port(const struct testserver *server)
{
	return server->port;
}

const char *
ts_url(const struct testserver *server)
{
	return server->url;
}

int
ts_requests(struct testserver *server)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = server->requests;
	pthread_mutex_unlock(&server->lock);
	return count;
}

int
ts_connections(struct testserver *server)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = server->connections;
	pthread_mutex_unlock(&server->lock);
	return count;
}

char *
ts_heads(struct testserver *server)
{
	char *heads;

	pthread_mutex_lock(&server->lock);
	heads = bn_xstrdup(bn_buf_text(&server->heads));
	pthread_mutex_unlock(&server->lock);
	return heads;
}
