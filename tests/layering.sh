#!/bin/sh
# layering.sh - a lower layer never includes a higher one (DESIGN: layers only look down).
# SPDX-License-Identifier: MIT
# Each folder has a rank; a file may include headers of its own folder and of lower ranks only. Some pairs are
# forbidden whatever their ranks: ui and cli never see each other, a plugin, or the network; nobody but the
# commands and the program sees the demo.
cd "${abs_top_srcdir:?}" || exit 99

rank() {
    case $1 in
    binnacle) echo 0 ;;
    base) echo 1 ;;
    config) echo 2 ;;
    net | store) echo 3 ;;
    collect) echo 4 ;;
    view) echo 5 ;;
    triage | change | action) echo 6 ;;
    sim) echo 2 ;;
    cli | ui) echo 8 ;;
    plugins) echo 1 ;;
    *) echo 9 ;;
    esac
}

# Prints "file: includes X" for each include that looks up.
violations() {
    for file in src/*/*.[ch] ui/*.[ch] ui/*/*.[ch] plugins/*.[ch]; do
        [ -f "$file" ] || continue
        room=${file#src/}
        room=${room%%/*}
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file" | while read -r inc; do
            case $inc in
            */*) to=${inc%%/*} ;;
            *) to=$room ;;
            esac
            [ "$to" = "$room" ] && continue
            case $room:$to in
            plugins:binnacle) continue ;;
            plugins:*) echo "$file: a plugin includes $inc" ;;
            ui:cli | cli:ui | ui:plugins | cli:plugins | ui:net | cli:net | ui:sim) echo "$file: includes $inc" ;;
            cli:sim) ;;
            *:sim) echo "$file: only the demo's commands know the demo: $inc" ;;
            sim:base | sim:binnacle) ;;
            sim:*) echo "$file: the demo knows $inc" ;;
            *)
                [ "$(rank "$to")" -lt "$(rank "$room")" ] || echo "$file: looks up at $inc"
                ;;
            esac
        done
    done
}

echo 1..2
out=$(violations)
if [ -z "$out" ]; then
    echo "ok 1 - layering_no_include_looks_up"
else
    echo "$out" | sed 's/^/# /'
    echo "not ok 1 - layering_no_include_looks_up"
fi
# The check itself: a planted include must be found.
planted=src/base/layering_planted.c
tmp=$(mktemp -d) || exit 99
mkdir -p "$tmp/src/base" "$tmp/ui" "$tmp/plugins"
printf '#include "store/store.h"\n' >"$tmp/$planted"
cd "$tmp" || exit 99
if [ "$(violations)" = "$planted: looks up at store/store.h" ]; then
    echo "ok 2 - layering_planted_include_is_found"
else
    echo "not ok 2 - layering_planted_include_is_found"
fi
rm -rf "$tmp"
