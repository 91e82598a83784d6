#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What is installed and where, the tarball, and the completion of our options in each shell.

load helper

setup() {
    begin_test
    source=$(realpath "$tests/..")
    # The scripts run what is called sockfixture.
    mkdir bin
    ln -s "$(realpath "$SOCKFIXTURE")" bin/sockfixture
    PATH=$work/bin:$PATH
}

install_in() { # TARGET FOLDER
    make -s -C "$source" "$1" BUILD="$(realpath --relative-to="$source" "$(dirname "$SOCKFIXTURE")")" \
        DESTDIR="$work/$2" PREFIX=/usr
}

@test "make install puts all in its place, and make uninstall takes it away" {
    install_in install root
    equal "$(cd root && find . -type f -printf '%m %P\n' | sort -k 2)" '755 usr/bin/sockfixture
644 usr/share/bash-completion/completions/sockfixture
644 usr/share/fish/vendor_completions.d/sockfixture.fish
644 usr/share/man/man1/sockfixture.1
644 usr/share/man/man5/sockfixture-recording.5
644 usr/share/man/man5/sockfixture-templates.5
644 usr/share/man/man5/sockfixture.json.5
644 usr/share/sockfixture/sockfixture.schema.json
644 usr/share/zsh/site-functions/_sockfixture'
    root/usr/bin/sockfixture --version
    # The manuals say where the schema is.
    grep -q '^.It Pa /usr/share/sockfixture/sockfixture.schema.json$' root/usr/share/man/man5/sockfixture.json.5
    run -1 grep -r /usr/local root/usr/share/man
    install_in uninstall root
    equal "$(find root -type f)" ''
    [ ! -e root/usr/share/sockfixture ]
}

@test "two clones make the same tarball, and it holds what is committed" {
    cp -r "$source/Makefile" Makefile
    git init -q one
    cp Makefile one
    mkdir one/emit
    echo 'int one;' > one/emit/one.c
    git -C one add -A
    git -C one -c user.name=test -c user.email=test@example.org commit -q -m one
    git clone -q one two
    touch -d 2001-01-01 two/emit/one.c
    echo 'int two;' > two/emit/two.c # not committed
    (umask 077 && make -s -C one dist)
    (umask 000 && TZ=Asia/Tokyo make -s -C two dist)
    cmp one/build/*.tar.gz two/build/*.tar.gz
    run -0 tar -tvzf one/build/*.tar.gz
    [[ $output == *'-rw-r--r-- root/root'*' sockfixture-'*'/emit/one.c'* ]] || fail "$output"
    [[ $output != *two.c* ]]
}

# What a shell completes the last word of a line with.
bash_words() {
    [ -e bash ] || sockfixture --completion bash > bash
    "$tests/complete.py" bash "$PWD/bash" "$1"
}

zsh_words() {
    [ -e _sockfixture ] || sockfixture --completion zsh > _sockfixture
    "$tests/complete.py" "${2:-zsh}" "$PWD/_sockfixture" "$1"
}

fish_words() {
    [ -e fish ] || sockfixture --completion fish > fish
    fish -N -c 'source fish; complete -C "$argv"' "$1" | cut -f 1
}

completes() { # LINE WORD...
    local shell
    for shell in bash zsh fish; do
        # Some give what is before the value with it.
        equal "$("${shell}_words" "$1" | sed 's/^--[a-z-]*=//' | sort | paste -sd' ')" \
            "$(printf '%s\n' "${@:2}" | sort | paste -sd' ')" "$shell: completions of '$1'"
    done
}

@test "zsh can be told at once, too" {
    sockfixture --completion zsh > _sockfixture
    equal "$(zsh_words 'sockfixture --diff-format ' zsh-sourced | paste -sd' ')" \
        "$(zsh_words 'sockfixture --diff-format ' | paste -sd' ')"
    equal "$(zsh_words 'sockfixture --usa' zsh-sourced)" --usage
}

@test "each shell knows every option, and every option its short form" {
    local shell option
    sockfixture --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE '\-\S[^,]*' > options
    [ "$(wc -l < options)" -gt 60 ]
    for shell in bash fish zsh; do
        sockfixture --completion "$shell" > script
        while read -r option; do
            case $shell in
                bash) grep -qxF -- "$option" <(sed "s/.*='//; s/'$//" script) ;;
                fish) case $option in
                    --*) grep -qF -- " -l ${option#--} " script ;;
                    *) grep -qE -- " -s '?[${option#-}]'? " script ;;
                esac ;;
                zsh) case $option in
                    --*) grep -qE -- "[*,)]$option(=?[}[])" script ;;
                    *) grep -qF -- "{$(printf %q "$option")" script ;;
                esac ;;
            esac || fail "$shell: $option"
        done < options
    done
    run -2 --separate-stderr sockfixture --completion csh
    [[ ${stderr_lines[0]} == *"--completion: 'csh' is none of bash, fish and zsh" ]]
}

@test "options and their values are completed" {
    touch known.jsonl
    completes 'sockfixture --back' --backend --backends
    completes 'sockfixture -q -l py' python
    completes 'sockfixture --type=s' stream seqpacket
    completes 'sockfixture --diff-format j' json junit
    completes 'sockfixture --style te' test
    completes 'sockfixture --frame=d' dbus
    completes 'sockfixture -q -r kn' known.jsonl
}

@test "every template that is offered is one" {
    local shell name
    for shell in bash zsh fish; do
        "${shell}_words" 'sockfixture --print-template ' > names
        [ "$(wc -l < names)" -gt 20 ]
        while read -r name; do
            sockfixture --print-template "$name" > template || fail "$shell offers $name"
        done < names
    done
    completes 'sockfixture --lang pca' pcapng
}

@test "the command is completed as if it stood alone, and a manifest's fixtures by their names" {
    printf '#!/bin/sh\n' > bin/of-this-test
    chmod +x bin/of-this-test
    touch argument
    completes 'sockfixture -q --lang go of-this' of-this-test
    completes 'sockfixture -q --lang=go of-this-test argu' argument
    completes 'sockfixture -w some.jsonl --check of-this' of-this-test
    echo '{"fixtures": [{"name": "visits", "command": ["true"], "emit": [{"output": "a.json"}]},
        {"name": "views", "command": ["true"], "emit": [{"output": "b.json"}]}]}' > sockfixture.json
    completes 'sockfixture --update ' visits views
    completes 'sockfixture --check vis' visits
    mkdir elsewhere
    sed 's/visits/vines/' sockfixture.json > elsewhere/x.json
    completes 'sockfixture --manifest elsewhere/x.json --update ' vines views
    completes 'sockfixture --update --manifest=elsewhere/x.json vi' vines views
    completes 'sockfixture --check vines --manifest elsewhere/x.json vie' views
}

@test "a hostile name runs nothing when it is completed" {
    export XDG_CONFIG_HOME=$work/config
    mkdir -p config/sockfixture/templates
    printf '{{! description: evil }}\n' > 'config/sockfixture/templates/a$(touch ran)`touch ran`;touch ran.mustache'
    for shell in bash zsh fish; do
        "${shell}_words" 'sockfixture --lang a' > said
        grep -qF 'a$(touch' said || fail "$shell: $(cat said)"
        [ ! -e ran ] || fail "$shell ran it"
    done
}
