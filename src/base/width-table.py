#!/usr/bin/env python3
# width-table.py - writes the table of width.c from the Unicode Character Database (needs no build).
# SPDX-License-Identifier: MIT
# Usage: width-table.py /usr/share/unicode >table      (Debian: package unicode-data)
import sys

ucd = sys.argv[1]
COUNT = 0x110000
# Default-ignorable code points and what else must not act unseen (bidi controls are all Cf).
HIDDEN = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5),
          (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
          (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
          (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF), (0xFDD0, 0xFDEF)]
# Format characters that draw something: the Arabic, Syriac and Kaithi number signs.
DRAWN = [(0x600, 0x605), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2),
         (0x110BD, 0x110BD), (0x110CD, 0x110CD)]
# Conjoining Hangul vowels and finals join the syllable before them.
JOINED = [(0x1161, 0x11FF), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB)]

kind = ["UNASSIGNED"] * COUNT
category = ["Cn"] * COUNT
first = None
for line in open(ucd + "/UnicodeData.txt"):
    fields = line.split(";")
    point = int(fields[0], 16)
    if fields[1].endswith("First>"):
        first = point
        continue
    for p in range(point if first is None else first, point + 1):
        category[p] = fields[2]
    first = None

wide = set()
for line in open(ucd + "/EastAsianWidth.txt"):
    line = line.split("#")[0].strip()
    if not line:
        continue
    span, width = [part.strip() for part in line.split(";")]
    ends = [int(e, 16) for e in span.split("..")]
    if width in "WF":
        wide.update(range(ends[0], ends[-1] + 1))

for p in range(COUNT):
    c = category[p]
    if c == "Cn":
        continue
    kind[p] = "WIDE" if p in wide else "NARROW"
    if c in ("Mn", "Me"):
        kind[p] = "MARK"
    if c in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        kind[p] = "HIDDEN"
for spans, name in ((JOINED, "MARK"), (DRAWN, "NARROW"), (HIDDEN, "HIDDEN")):
    for low, high in spans:
        for p in range(low, high + 1):
            if name != "MARK" or category[p] != "Cn":
                kind[p] = name
for plane in range(17):
    kind[plane * 0x10000 + 0xFFFE] = kind[plane * 0x10000 + 0xFFFF] = "HIDDEN"

rows, start = [], 0x80
for p in range(0x81, COUNT + 1):
    if p == COUNT or kind[p] != kind[start]:
        if kind[start] != "NARROW":
            rows.append("{0x%X, 0x%X, %s}" % (start, p - 1, kind[start][0]))
        start = p
line = "   "
for row in rows:
    if len(line) + len(row) + 2 > 92:
        print(line)
        line = "   "
    line += " " + row + ","
print(line)
