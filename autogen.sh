#!/bin/sh
# autogen.sh - makes ./configure from configure.ac; needed in a Git checkout only.
# SPDX-License-Identifier: MIT
cd "$(dirname "$0")" && exec autoreconf -fi
