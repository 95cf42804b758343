#!/bin/sh
# docs.sh - manual pages, --help and completions agree, and the pages pass mandoc's lint.
# SPDX-License-Identifier: MIT
top=${abs_top_builddir:?}
src=${abs_top_srcdir:?}
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
PATH=$top:$PATH
n=0
failed=0

result() { # 0|1 name
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"
        failed=1
    fi
}

# A page lies in the build folder, or beside the sources in a release.
page() {
    if [ -f "$top/man/$1" ]; then echo "$top/man/$1"; else echo "$src/man/$1"; fi
}

# Options as --help shows them: "--name".
help_options() {
    sed -n '/^options:/,/^$/p; /^global options/,/^$/p' | sed -n 's/^ *\(-[A-Za-z], \)\{0,1\} *--\([a-z-]*\).*/\2/p' | sort -u
}

# Options as a page describes them.
page_options() {
    sed -n 's/\\-/-/g; s/^\.It .*Fl -\([a-z-]*\).*/\1/p' "$1" | sort -u
}

binnacle --help >"$dir/help" || result 1 "docs_help_of_the_program_works"
sed -n '/^commands:/,/^$/p' "$dir/help" | sed -n 's/^  \([a-z ]*[a-z]\)   *.*/\1/p' >"$dir/commands"
: >"$dir/pages"
while read -r command; do
    # shellcheck disable=SC2086
    binnacle $command --help >"$dir/one" </dev/null || result 1 "docs_help_of_${command}_works"
    name=$(sed -n 's/.*Manual: \(binnacle[a-z-]*\)(1).*/\1/p' "$dir/one")
    echo "$name" >>"$dir/pages"
    help_options <"$dir/one" >>"$dir/$name.help"
done <"$dir/commands"
sort -u "$dir/pages" >"$dir/pages.u"
while read -r name; do
    sort -u "$dir/$name.help" >"$dir/a"
    page_options "$(page "$name.1")" >"$dir/b"
    if ! diff "$dir/a" "$dir/b" >"$dir/d"; then sed 's/^/# /' "$dir/d"; fi
    cmp -s "$dir/a" "$dir/b"
    result $? "docs_options_of_${name}_are_those_of_help"
done <"$dir/pages.u"
help_options <"$dir/help" >"$dir/a"
page_options "$(page binnacle.1)" >"$dir/b"
cmp -s "$dir/a" "$dir/b"
result $? "docs_global_options_are_those_of_help"

# Every page passes the lint, and every page it refers to exists.
for file in "$src"/man/*.in; do
    name=$(basename "$file" .in)
    if [ -n "${MANDOC:-$(command -v mandoc)}" ]; then
        mandoc -Tlint -W warning "$(page "$name")" >"$dir/lint" 2>&1
        rc=$?
        sed 's/^/# /' "$dir/lint"
        result $rc "docs_${name}_passes_lint"
    else
        n=$((n + 1))
        echo "ok $n - docs_${name}_passes_lint # SKIP mandoc is not installed"
    fi
    missing=0
    # shellcheck disable=SC2013  # page names hold no blanks
    for ref in $(sed -n 's/^\.Xr \(binnacle[^ ]*\) \([0-9]\).*/\1.\2/p' "$(page "$name")" | sed 's/\\-/-/g' | sort -u); do
        [ -f "$src/man/$ref.in" ] || {
            echo "# $name refers to $ref, which does not exist"
            missing=1
        }
    done
    result $missing "docs_${name}_refers_to_existing_pages"
done

# Completions hold every command, and bash can read its own.
while read -r command; do
    first=${command%% *}
    grep -q "$first" "$(page completion.bash)" && grep -q "$first" "$(page completion.zsh)" &&
        grep -q "$first" "$(page completion.fish)" || echo "$command" >>"$dir/incomplete"
done <"$dir/commands"
[ ! -s "$dir/incomplete" ]
result $? "docs_completions_hold_every_command"
bash -n "$(page completion.bash)"
result $? "docs_bash_completion_is_valid"
# shellcheck disable=SC2016
words=$(bash -c '. "$1"; COMP_WORDS=(binnacle run sh); COMP_CWORD=2; _binnacle; echo "${COMPREPLY[*]}"' - "$(page completion.bash)")
[ "$words" = show ]
result $? "docs_bash_completion_completes_second_words"
echo "1..$n"
exit $failed
