# planted.py - a platform for the planted plugin: answers everything with {}, and writes down what it saw.
# SPDX-License-Identifier: MIT
# planted.py PORT-FILE RECORD
import http.server
import json
import os
import sys


class Platform(http.server.BaseHTTPRequestHandler):
    def answer(self):
        with open(sys.argv[2], "a", encoding="utf-8") as record:
            record.write(json.dumps({"seen": "planted", "method": self.command, "path": self.path}) + "\n")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_DELETE = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
with open(sys.argv[1] + ".new", "w", encoding="ascii") as port:
    port.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
