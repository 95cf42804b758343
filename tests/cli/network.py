# network.py - servers that misbehave in time and place: redirects without end, a clock that is off, a mute resolver.
# SPDX-License-Identifier: MIT
# usage: network.py http PORTFILE | network.py mute ADDRESS PORT READYFILE
import datetime
import email.utils
import http.server
import json
import socket
import sys
import time

AHEAD = 3600  # seconds the server's clock is ahead


class Handler(http.server.BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + AHEAD, usegmt=True)

    def do_GET(self):
        if self.path.startswith("/loop"):
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=AHEAD)
        body = json.dumps({"generated_at": moment.isoformat()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


if sys.argv[1] == "http":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(sys.argv[2], "w") as out:
        out.write(str(server.server_address[1]))
    server.serve_forever()
else:
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mute.bind((sys.argv[2], int(sys.argv[3])))
    open(sys.argv[4], "w").close()
    while True:
        mute.recv(4096)
