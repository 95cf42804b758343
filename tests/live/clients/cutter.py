#!/usr/bin/env python3
# cutter.py - stands between binnacle and an Airflow: writes down every request, and cuts the connection at a clear.
# SPDX-License-Identifier: MIT
#
# cutter.py DIR URL       listens on a loopback port that it writes to DIR/port
#
# DIR/mode says what happens to a clear that is meant (no dry run): "pass", "after" (it is passed on, its answer is
# not) or "before" (nothing is passed on). DIR/log gets a line a request: method, path, then "clear" or "-", and what
# was done with it.
import http.client
import http.server
import json
import os
import socket
import sys
import threading
import urllib.parse

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization",
              "content-length"}
folder, upstream = sys.argv[1], urllib.parse.urlsplit(sys.argv[2])
writing = threading.Lock()


def mode():
    with open(os.path.join(folder, "mode"), encoding="ascii") as file:
        return file.read().strip()


def is_clear(method, path, body):
    if method != "POST" or not path.split("?")[0].endswith("/clearTaskInstances"):
        return False
    return json.loads(body).get("dry_run") is False


class Cutter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def note(self, clear, done):
        with writing, open(os.path.join(folder, "log"), "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {'clear' if clear else '-'} {done}\n")

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def ask(self, body):
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        clear = is_clear(self.command, self.path, body)
        what = mode() if clear else "pass"
        if what == "before":
            self.note(clear, "cut")
            self.cut()
            return
        answer, content = self.ask(body)
        self.note(clear, answer.status)
        if what == "after":
            self.cut()
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cutter)
server.daemon_threads = True
with open(os.path.join(folder, "port.new"), "w", encoding="ascii") as port:
    port.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
