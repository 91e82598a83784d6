#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Users' templates: where they are found, and what is said of those that are wrong.

load helper

setup() {
    begin_test
    export XDG_CONFIG_HOME=$work/config HOME=$work/home
    mine=$XDG_CONFIG_HOME/sockfixture/templates
    mkdir -p "$mine"
    "$tests/compose.py" > talk.jsonl << 'SCRIPT'
command talk
> b"GET /\n"
< b"\x00\xff"
SCRIPT
}

# A language that is a template and nothing else.
lisp() {
    cat << 'TEMPLATE'
{{! description: Lisp, a list of vectors }}
{{! extensions: lisp el }}
{{! identifiers: snake }}
{{! strings: c }}
;; {{command.comment}}
(defvar {{name.identifier}} '(
{{#tables}}
{{#exchanges}}
  ("{{name}}"{{#sides}}{{#messages}} {{#readable}}"{{{text}}}"{{/readable}}{{^readable}}#({{decimal}}){{/readable}}{{/messages}}{{/sides}})
{{/exchanges}}
{{/tables}}
))
TEMPLATE
}

lisp_fixture=';; talk
(defvar talk '"'"'(
  ("GET /" "GET /\n" #(0, 255))
))'

emit() { # OPTION...
    "$SOCKFIXTURE" -r talk.jsonl "$@"
}

@test "a template alone makes a language, wherever it is" {
    lisp > "$mine/lisp.mustache"
    equal "$(emit --lang lisp)" "$lisp_fixture"
    emit -o out.el
    equal "$(cat out.el)" "$lisp_fixture"
    # Before what is built in, whatever its name.
    lisp | sed 's/extensions: lisp el/extensions: go/' > "$mine/zz.mustache"
    emit -o out.go
    equal "$(cat out.go)" "$lisp_fixture"
    unset XDG_CONFIG_HOME
    run -2 --separate-stderr emit --lang lisp
    says 'lisp: no such language (--list-langs lists them)'
    mkdir -p "$HOME/.config/sockfixture/templates"
    lisp > "$HOME/.config/sockfixture/templates/lisp.mustache"
    equal "$(emit --lang lisp)" "$lisp_fixture"
    rm -r "$HOME"
    mkdir folder
    lisp > folder/lisp.mustache
    equal "$(emit --lang lisp --template-dir folder)" "$lisp_fixture"
    equal "$(emit --template folder/lisp.mustache)" "$lisp_fixture"
    equal "$(emit --template <(lisp))" "$lisp_fixture"
}

@test "the first template of a name counts" {
    mkdir one two
    echo '{{! description: one }}one' > one/x.mustache
    echo '{{! description: two }}two' > two/x.mustache
    echo '{{! description: mine }}mine' > "$mine/x.mustache"
    echo '{{! description: my own Go }}mine' > "$mine/go.mustache"
    equal "$(emit --lang x)" mine
    equal "$(emit --lang x --template-dir two --template-dir one)" two
    equal "$(emit --lang x --template-dir one --template-dir two)" one
    equal "$(emit --lang go)" mine
    emit -o out.json
    grep -q '"conversations"' out.json
    # So it is with the ending of a file.
    echo '{{! description: one }}{{! extensions: x }}one' > one/z.mustache
    echo '{{! description: two }}{{! extensions: x }}two' > two/y.mustache
    echo '{{! description: mine }}{{! extensions: x }}mine' > "$mine/a.mustache"
    emit -o out.x
    equal "$(cat out.x)" mine
    emit -o out.x --template-dir one --template-dir two
    equal "$(cat out.x)" one
}

@test "--list-langs says where each is from" {
    mkdir one
    lisp > "$mine/lisp.mustache"
    echo '{{! description: my own Go }}{{! styles: long short }}' > one/go.mustache
    echo 'no language, but a part' > one/part.mustache
    echo 'hidden' > one/.hidden.mustache
    echo 'other' > one/other.txt
    run -0 --separate-stderr "$SOCKFIXTURE" --list-langs --template-dir one
    grep -qxF "lisp         .lisp   Lisp, a list of vectors [$mine/lisp.mustache]" <<< "$output"
    grep -qxF "go           -       my own Go; styles: long, short [one/go.mustache]" <<< "$output"
    grep -q '^python .*; styles: bytes, fromhex, test, mask \[built in\]$' <<< "$output"
    equal "$(grep -c '^go ' <<< "$output")" 1
    run -1 grep -e part -e hidden -e other <<< "$output"
}

@test "--print-template gives a start" {
    local lang
    for lang in go rust python json raw go-message; do
        "$SOCKFIXTURE" --print-template "$lang" | cmp - "$tests/../templates/$lang.mustache"
    done
    "$SOCKFIXTURE" --print-template go > "$mine/mygo.mustache"
    emit --lang go > go
    emit --lang mygo | cmp - go
    echo mine > "$mine/go.mustache"
    equal "$("$SOCKFIXTURE" --print-template go)" mine
    run -2 --separate-stderr "$SOCKFIXTURE" --print-template pyhton
    says "pyhton: no such language (did you mean 'python'?)"
}

@test "what a template includes is found the same way" {
    mkdir one
    printf '{{! description: whole }}[{{>part}}]' > one/whole.mustache
    printf 'theirs' > one/part.mustache
    equal "$(emit --lang whole --template-dir one)" '[theirs]'
    # Beside a template that is named by its file, too.
    equal "$(emit --template one/whole.mustache)" '[theirs]'
    (cd one && equal "$("$SOCKFIXTURE" -r ../talk.jsonl --template whole.mustache)" '[theirs]')
    mkdir two
    printf 'ours' > two/part.mustache
    equal "$(emit --lang whole --template-dir two --template-dir one)" '[ours]'
    # A part of a built-in language can be another.
    printf '{{direction}}: mine,\n' > two/go-message.mustache
    emit --lang go --template-dir two > out.go
    grep -q $'^\t\trequest: mine,$' out.go
}

@test "an error in a template has a file, a line, a column and what was expected" {
    local case
    local -A errors=(
        ['x{{name']='1:2: expected "}}" to end this tag'
        [$'{{#tables}}\n{{/conversations}}']='2:1: expected the closing tag of "tables", found that of "conversations"'
        [$'a\n b {{nmae}}']='2:6: expected a name that sockfixture-templates(5) has, found "nmae" (did you mean '"'name'"'?)'
        [$'{{#tables}}{{#exchanges}}\n{{request.hxe}}{{/exchanges}}{{/tables}}']='2:11: expected a name that sockfixture-templates(5) has, found "hxe" (did you mean '"'hex'"'?)'
        [$'{{! styles: a b }}\n{{#style.c}}{{/style.c}}']='2:10: expected a style that {{! styles: }} names, found "c"'
        ['{{>*nmae}}']='1:5: expected a name that sockfixture-templates(5) has, found "nmae" (did you mean '"'name'"'?)'
        ['{{<*sides.hxe}}{{/*sides.hxe}}']='1:11: expected a name that sockfixture-templates(5) has, found "hxe" (did you mean '"'hex'"'?)'
        [$'{{! text: cobol }}']='1:11: expected the name of a notation'
        [$'{{! width: 3 }}']='1:12: expected a number of columns, 16 or more'
        [$'{{! embeds: perhaps }}']='1:13: expected yes or no'
        [$'{{! embed_above: much }}']='1:18: expected a size, as 64K'
        [$'{{! folder: maybe }}']='1:13: expected yes or no'
        [$'{{! index: ../README }}']='1:12: expected the name of a file'
        [$'{{! colour: red }}']='1:5: expected description, *'
        [$'\n  {{>nothing}}']='2:6: there is no template "nothing"'
    )
    for case in "${!errors[@]}"; do
        printf '%s' "$case" > wrong.mustache
        run -2 --separate-stderr emit --template ./wrong.mustache
        says "./wrong.mustache:${errors[$case]}"
        { echo '{{! description: wrong }}'; cat wrong.mustache; } > "$mine/wrong.mustache"
        run -2 --separate-stderr emit --lang wrong
        [[ $stderr == "sockfixture: $mine/wrong.mustache:"* ]] || fail "$stderr"
        only_files config talk.jsonl wrong.mustache
    done
    # Of what is included, it is that file.
    echo '{{>part}}' > wrong.mustache
    printf 'fine\n{{/tables}}' > part.mustache
    run -2 --separate-stderr emit --template wrong.mustache
    says './part.mustache:2:1: expected no closing tag here, found "tables"'
    # The old file stays.
    echo old > out
    run -2 --separate-stderr emit --template wrong.mustache -o out
    equal "$(cat out)" old
}

@test "a wrong template does not hide the others" {
    echo '{{! description: wrong }}{{#' > "$mine/wrong.mustache"
    mkdir "$mine/folder.mustache"
    mkfifo "$mine/fifo.mustache"
    ln -s nowhere "$mine/link.mustache"
    run -2 --separate-stderr "$SOCKFIXTURE" --list-langs
    grep -q '^go ' <<< "$output"
    [[ $stderr == *"$mine/wrong.mustache:1:26: expected"* ]] || fail "$stderr"
    [[ $stderr == *"$mine/fifo.mustache: cannot read the template: "* ]] || fail "$stderr"
    [[ $stderr == *"$mine/folder.mustache: cannot read the template: Is a directory"* ]] || fail "$stderr"
    [[ $stderr == *"$mine/link.mustache: cannot read the template: No such file or directory"* ]] || fail "$stderr"
    emit --lang go > /dev/null
    emit -o out.go
}

@test "a template that cannot be read may be the one that the file's ending is of" {
    ln -s gone "$mine/lisp.mustache"
    run -2 --separate-stderr emit -o fixture.lisp
    says "$mine/lisp.mustache: cannot read the template: *"
    [ ! -e fixture.lisp ]
    emit -o fixture.go
}

@test "folders and names that there are not" {
    run -2 --separate-stderr emit --template-dir nowhere
    says 'nowhere: No such file or directory'
    run -2 --separate-stderr emit --template nowhere/x.mustache
    says 'nowhere/x.mustache: cannot read the template: No such file or directory'
    lisp > secret.mustache
    mkdir one
    run -2 --separate-stderr emit --template-dir one --lang ../secret
    [[ $stderr == *'no such language'* ]] || fail "$stderr"
    head -c 2000000 /dev/zero > "$mine/big.mustache"
    run -2 --separate-stderr emit --lang big
    says "$mine/big.mustache: cannot read the template: *" || says "$mine/big.mustache: expected a template of at most *"
}

@test "what must not stand in a comment may be of any characters" {
    printf '{{! strings: go }}{{! not_in_comments: \u00bb ]\u2014 }}{{command.comment}}' > quoted.mustache
    equal "$(emit --template quoted.mustache --command $'talk a\u00bbb \u2014 c]\u2014d')" \
        $'talk \'a\\u00bbb\' \'\u2014\' \'c]\\u2014d\''
}

# As sudo runs it: root, with the caller's number in the environment.
@test "under sudo a caller's templates are read with the caller's rights" {
    local nobody
    nobody=$(id -u nobody)
    lisp > "$mine/lisp.mustache"
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    equal "$(SUDO_UID=$nobody SUDO_GID=$(id -g nobody) emit --lang lisp)" "$lisp_fixture"
    # A link to what root alone may read does not lend it out.
    lisp > secret.mustache
    chmod 600 secret.mustache
    ln -s "$work/secret.mustache" "$mine/secret.mustache"
    SUDO_UID=$nobody SUDO_GID=$(id -g nobody) run -2 --separate-stderr emit --lang secret
    says "$mine/secret.mustache: cannot read the template: Permission denied (under sudo*"
    emit --lang secret > /dev/null
    # The home is the caller's, and nobody has none.
    unset XDG_CONFIG_HOME
    mkdir -p "$HOME/.config/sockfixture/templates"
    lisp > "$HOME/.config/sockfixture/templates/lisp.mustache"
    equal "$(emit --lang lisp)" "$lisp_fixture"
    SUDO_UID=$nobody SUDO_GID=$(id -g nobody) run -2 --separate-stderr emit --lang lisp
    says 'lisp: no such language*'
}

@test "the examples in sockfixture-templates(5) give what they say" {
    "$tests/manual.py" "$SOCKFIXTURE" "$tests/../sockfixture-templates.5" >&2
}
